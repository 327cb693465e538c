import { Avatar, Menu, Text, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { KeyRound, LogOut, ShieldCheck, Wallet } from 'lucide-react';

import { meQuery } from '@/session/me';
import { signOut } from '@/session/signOut';
import type { Session } from '@/session/store';

import { sectionOf } from './nav';
import { SchemeChoice } from './SchemeChoice';

/** Who is signed in, and what concerns the account. */
export function UserMenu({ session }: { session: Session }) {
  const { data: me } = useQuery(meQuery());
  const navigate = useNavigate();
  const leave = async () => {
    await navigate({ to: '/' });
    await signOut();
  };
  return (
    <Menu width={250} position="bottom-end" shadow="md" withinPortal>
      <Menu.Target>
        <UnstyledButton style={{ borderRadius: '50%' }}>
          <span className="visually-hidden">Account</span>
          <Avatar size={34} color="brand" name={me?.name} alt="" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)" truncate>
            {me?.name ?? '…'}
          </Text>
          <Text size="xs" truncate>
            {me?.email ?? ''}
          </Text>
        </Menu.Label>
        <Menu.Divider />
        {session.role === 'user' && (
          <Menu.Item component={Link} to="/dashboard/wallet" leftSection={<Wallet size={16} aria-hidden />}>
            Wallet
          </Menu.Item>
        )}
        <Menu.Item component={Link} to={`${sectionOf(session.role)}/security`} leftSection={<ShieldCheck size={16} aria-hidden />}>
          Security
        </Menu.Item>
        {session.role !== 'admin' && (
          <Menu.Item component={Link} to={`${sectionOf(session.role)}/tokens`} leftSection={<KeyRound size={16} aria-hidden />}>
            Access tokens
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Label>
          <SchemeChoice />
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item leftSection={<LogOut size={16} aria-hidden />} onClick={() => void leave()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
