import { Divider, Drawer, NavLink, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { LogIn, UserPlus } from 'lucide-react';

import { useSession } from '@/session/store';

import { navFor } from './nav';
import { SchemeChoice } from './SchemeChoice';

interface Props {
  opened: boolean;
  onClose: () => void;
}

/** The header's links where there is no room for them. */
export default function MobileNav({ opened, onClose }: Props) {
  const session = useSession();
  return (
    <Drawer opened={opened} onClose={onClose} title="Menu" size={300} hiddenFrom="sm">
      <Stack gap={4}>
        {navFor(session?.role).map((item) => (
          <NavLink
            key={item.to}
            component={Link}
            to={item.to}
            label={item.label}
            leftSection={<item.icon size={18} aria-hidden />}
            activeProps={{ 'data-active': true, 'aria-current': 'page' }}
          />
        ))}
        {!session && (
          <>
            <NavLink component={Link} to="/sign-in" label="Sign in" leftSection={<LogIn size={18} aria-hidden />} />
            <NavLink component={Link} to="/sign-up" label="Sign up" leftSection={<UserPlus size={18} aria-hidden />} />
          </>
        )}
        <Divider my="sm" />
        <SchemeChoice />
      </Stack>
    </Drawer>
  );
}
