import { Alert, Button, PasswordInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { isApiError, messageOf, sentence } from '@/api/errors';

import { signIn } from './signIn';
import type { Role, Session } from './store';

interface Props {
  /** The kind of account; both are offered when it is left out. */
  role?: Exclude<Role, 'admin'>;
  /** The one that is chosen at first. */
  initialRole?: Exclude<Role, 'admin'>;
  onSignedIn: (session: Session) => void;
}

interface Values {
  role: 'user' | 'developer';
  name: string;
  email: string;
  password: string;
  company: string;
}

/** A new account, signed in at once. The address is verified by a mail that is sent meanwhile. */
export function SignUpForm({ role, initialRole, onSignedIn }: Props) {
  const form = useForm<Values>({
    initialValues: { role: role ?? initialRole ?? 'user', name: '', email: '', password: '', company: '' },
    validate: {
      name: (value) => (value.trim() === '' ? 'Enter your name' : null),
      email: (value) => (/^\S+@\S+\.\S+$/.test(value.trim()) ? null : 'Enter an e-mail address such as name@example.com'),
      password: (value) => (value.length < 8 ? 'At least 8 characters' : null),
    },
  });
  const register = useMutation({
    mutationFn: async (values: Values) => {
      const email = values.email.trim();
      const body = { email, name: values.name.trim(), password: values.password };
      if (values.role === 'developer') {
        const company = values.company.trim() === '' ? undefined : values.company.trim();
        await take(client.POST('/developers/register', { body: { ...body, company } }));
      } else {
        await take(client.POST('/users/register', { body }));
      }
      return signIn({ email, password: values.password });
    },
    onSuccess: onSignedIn,
    onError: (error) => {
      if (!isApiError(error)) return;
      if (error.code === 'EMAIL_TAKEN') form.setFieldError('email', sentence(error.message));
      for (const { field, message } of error.fields) form.setFieldError(field, sentence(message));
    },
  });
  const isAtField = isApiError(register.error) && (register.error.code === 'EMAIL_TAKEN' || register.error.fields.length > 0);

  return (
    <form onSubmit={form.onSubmit((values) => register.mutate(values))} noValidate>
      <Stack gap="md">
        {register.error && !isAtField && (
          <Alert color="red" role="alert">
            {messageOf(register.error)}
          </Alert>
        )}
        {!role && (
          <Stack gap={4}>
            <SegmentedControl
              fullWidth
              aria-label="What the account is for"
              data={[
                { value: 'user', label: 'Run agents' },
                { value: 'developer', label: 'Publish agents' },
              ]}
              {...form.getInputProps('role')}
            />
            <Text size="xs" c="dimmed">
              {form.values.role === 'user'
                ? 'Configure agents, run them, and pay only for runs that succeed.'
                : 'Publish your agents and be paid for their runs.'}
            </Text>
          </Stack>
        )}
        <TextInput label="Name" autoComplete="name" data-autofocus {...form.getInputProps('name')} />
        {form.values.role === 'developer' && (
          <TextInput
            label="Company"
            description="Shown beside your name on your agents' pages. May be left empty."
            autoComplete="organization"
            {...form.getInputProps('company')}
          />
        )}
        <TextInput label="E-mail" type="email" autoComplete="username" {...form.getInputProps('email')} />
        <PasswordInput
          label="Password"
          description="8 characters or more"
          autoComplete="new-password"
          {...form.getInputProps('password')}
        />
        <Button type="submit" loading={register.isPending} fullWidth>
          Create account
        </Button>
      </Stack>
    </form>
  );
}
