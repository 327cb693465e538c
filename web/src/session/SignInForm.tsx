import { Alert, Anchor, Button, Group, PasswordInput, PinInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { isApiError, messageOf } from '@/api/errors';

import { type Credentials, signIn } from './signIn';
import type { Session } from './store';

interface Props {
  onSignedIn: (session: Session) => void;
  /** Where there is more to the dialog than the form. */
  onForgotten?: () => void;
}

/** Password first; the second factor is asked for when the account has one. */
export function SignInForm({ onSignedIn, onForgotten }: Props) {
  const [isFactorAsked, setFactorAsked] = useState(false);
  const form = useForm<Credentials>({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: {
      email: (value) => (value.trim() === '' ? 'Enter your e-mail address' : null),
      password: (value) => (value === '' ? 'Enter your password' : null),
    },
  });
  const login = useMutation({
    mutationFn: signIn,
    onSuccess: onSignedIn,
    onError: (error) => isApiError(error, 'OTP_REQUIRED') && setFactorAsked(true),
  });
  const submit = (credentials: Credentials) =>
    login.mutate({ email: credentials.email.trim(), password: credentials.password });

  if (isFactorAsked) {
    return (
      <FactorStep
        isPending={login.isPending}
        error={isApiError(login.error, 'OTP_REQUIRED') ? null : login.error}
        onBack={() => {
          login.reset();
          setFactorAsked(false);
        }}
        onCode={(otp) => login.mutate({ ...form.getValues(), email: form.getValues().email.trim(), otp })}
      />
    );
  }
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="md">
        {login.error && !isApiError(login.error, 'OTP_REQUIRED') && (
          <Alert color="red" role="alert">
            {messageOf(login.error)}
          </Alert>
        )}
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          data-autofocus
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <Stack gap={6}>
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Anchor component={Link} to="/forgot-password" size="sm" ta="right" onClick={onForgotten}>
            Forgot the password?
          </Anchor>
        </Stack>
        <Button type="submit" loading={login.isPending} fullWidth>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}

interface FactorProps {
  isPending: boolean;
  error: unknown;
  onBack: () => void;
  onCode: (otp: string) => void;
}

function FactorStep({ isPending, error, onBack, onCode }: FactorProps) {
  const [isRecovery, setRecovery] = useState(false);
  const [code, setCode] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (code.trim() !== '') onCode(code.trim());
      }}
    >
      <Stack gap="md">
        {error ? (
          <Alert color="red" role="alert">
            {messageOf(error)}
          </Alert>
        ) : null}
        {isRecovery ? (
          <TextInput
            label="Recovery code"
            description="One of the ten you were shown when you set up the second factor. Each works once."
            autoComplete="off"
            data-autofocus
            autoFocus
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        ) : (
          <Stack gap={6} role="group" aria-labelledby="otp-label">
            <Text size="sm" fw={550} id="otp-label">
              Code from your authenticator app
            </Text>
            <PinInput
              length={6}
              oneTimeCode
              type="number"
              size="md"
              autoFocus
              getInputProps={(index) => ({ 'aria-label': `Digit ${index + 1} of 6` })}
              onChange={setCode}
              onComplete={onCode}
            />
          </Stack>
        )}
        <Button type="submit" loading={isPending} fullWidth>
          Confirm
        </Button>
        <Group justify="space-between">
          <Anchor component="button" type="button" size="sm" onClick={onBack}>
            Back
          </Anchor>
          <Anchor
            component="button"
            type="button"
            size="sm"
            onClick={() => {
              setCode('');
              setRecovery(!isRecovery);
            }}
          >
            {isRecovery ? 'Use the app instead' : 'Use a recovery code'}
          </Anchor>
        </Group>
      </Stack>
    </form>
  );
}
