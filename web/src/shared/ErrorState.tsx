import { Alert, Anchor, Button, Code, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { CircleAlert, RotateCw } from 'lucide-react';

import { ApiError, messageOf, NetworkError } from '@/api/errors';

interface Props {
  error: unknown;
  /** Asks again, where that can help. */
  onRetry?: () => void;
  title?: string;
}

/** What went wrong, what to do next, and the request's id for whoever is asked for help. */
export function ErrorState({ error, onRetry, title }: Props) {
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <Alert
      color="red"
      variant="light"
      radius="lg"
      icon={<CircleAlert size={20} aria-hidden />}
      title={title ?? titleOf(error)}
      role="alert"
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{messageOf(error)}</Text>
        {nextStep(error)}
        <Group gap="md">
          {onRetry && (
            <Button size="xs" variant="default" leftSection={<RotateCw size={14} aria-hidden />} onClick={onRetry}>
              Try again
            </Button>
          )}
          {requestId && (
            <Text size="xs" c="dimmed">
              Request <Code>{requestId}</Code>
            </Text>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

function titleOf(error: unknown): string {
  if (error instanceof NetworkError) return 'No connection';
  if (error instanceof ApiError) {
    if (error.status === 429) return 'Too many requests';
    if (error.status >= 500) return 'The server could not answer';
    if (error.status === 403) return 'Not allowed';
    return 'That did not work';
  }
  return 'This page failed';
}

function nextStep(error: unknown) {
  if (!(error instanceof ApiError)) return null;
  switch (error.code) {
    case 'INSUFFICIENT_FUNDS':
      return (
        <Anchor component={Link} to="/dashboard/wallet" size="sm">
          Add money to your wallet
        </Anchor>
      );
    case 'POLICY_REFUSED':
      return (
        <Anchor component={Link} to="/dashboard/policy" size="sm">
          Look at your spending policy
        </Anchor>
      );
    case 'EMAIL_UNVERIFIED':
      return (
        <Anchor component={Link} to="/verify-email" size="sm">
          Verify your e-mail address
        </Anchor>
      );
    case 'RATE_LIMITED':
      return error.retryAfter ? <Text size="sm">Try again in {error.retryAfter} s.</Text> : null;
    default:
      return null;
  }
}
