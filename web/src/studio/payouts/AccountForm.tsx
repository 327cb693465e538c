import { Alert, Button, Group, PasswordInput, SegmentedControl, SimpleGrid, Skeleton, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { client, take } from '@/api/client';
import { ApiError, sentence } from '@/api/errors';
import { meQuery } from '@/session/me';
import { ErrorState } from '@/shared/ErrorState';
import { notifyDone } from '@/shared/notify';

import { payoutAccountQuery } from '../queries';

interface Props {
  /** None when there is no account yet: the form is all there is. */
  onClose?: () => void;
  onSaved: () => void;
}

const EMPTY = { type: 'upi' as 'upi' | 'bank', name: '', upi_id: '', account_number: '', ifsc: '', password: '', otp: '' };
type Values = typeof EMPTY;

/** As the server checks it, so that one need not ask it for slips of the keyboard. */
const validate = (hasCode: boolean) => ({
  name: (name: string) => (name.trim() === '' ? 'As your bank has it' : null),
  upi_id: (id: string, { type }: Values) =>
    type === 'upi' && !/^[\w.-]{2,}@[A-Za-z][A-Za-z0-9]+$/.test(id.trim()) ? 'Such as asha@okbank' : null,
  account_number: (number: string, { type }: Values) =>
    type === 'bank' && !/^\d{9,18}$/.test(number.replace(/\s/g, '')) ? '9 to 18 digits' : null,
  ifsc: (ifsc: string, { type }: Values) =>
    type === 'bank' && !/^[A-Z]{4}0[A-Z0-9]{6}$/.test(ifsc.trim().toUpperCase()) ? 'Such as YESB0000262' : null,
  password: (password: string) => (!hasCode && password === '' ? 'Your password, once more' : null),
  otp: (otp: string) => (hasCode && !/^\d{6}$/.test(otp.trim()) ? 'Six digits' : null),
});

export function AccountForm({ onClose, onSaved }: Props) {
  const me = useQuery(meQuery());
  if (me.error && !me.data) return <ErrorState error={me.error} onRetry={() => void me.refetch()} />;
  if (!me.data) return <Skeleton h={240} aria-busy />;
  return <Fields hasCode={me.data.two_factor} onClose={onClose} onSaved={onSaved} />;
}

function Fields({ hasCode, onClose, onSaved }: Props & { hasCode: boolean }) {
  const queries = useQueryClient();
  const form = useForm({ initialValues: EMPTY, validate: validate(hasCode) });
  const { type } = form.values;
  const save = useMutation({
    mutationFn: (values: Values) => {
      const proof = hasCode ? { otp: values.otp.trim() } : { password: values.password };
      const where =
        values.type === 'upi'
          ? { upi_id: values.upi_id.trim() }
          : { account_number: values.account_number.replace(/\s/g, ''), ifsc: values.ifsc.trim().toUpperCase() };
      return take(client.PUT('/developers/payout-account', { body: { type: values.type, name: values.name.trim(), ...where, ...proof } }));
    },
    onSuccess: (account) => {
      queries.setQueryData(payoutAccountQuery().queryKey, account);
      notifyDone('Your payouts go there from now on.');
      onSaved();
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return;
      for (const { field, message } of error.fields) form.setFieldError(field, sentence(message));
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack gap="md" maw={560}>
        <SegmentedControl
          aria-label="Kind of account"
          data={[
            { value: 'upi', label: 'UPI' },
            { value: 'bank', label: 'Bank account' },
          ]}
          style={{ alignSelf: 'flex-start' }}
          {...form.getInputProps('type')}
        />
        <TextInput label="Account holder" withAsterisk autoComplete="name" maxLength={100} {...form.getInputProps('name')} />
        {type === 'upi' ? (
          <TextInput label="UPI id" withAsterisk placeholder="asha@okbank" autoComplete="off" {...form.getInputProps('upi_id')} />
        ) : (
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput label="Account number" withAsterisk inputMode="numeric" autoComplete="off" {...form.getInputProps('account_number')} />
            <TextInput label="IFSC" withAsterisk placeholder="YESB0000262" autoComplete="off" {...form.getInputProps('ifsc')} />
          </SimpleGrid>
        )}
        {hasCode ? (
          <TextInput
            label="Code from your authenticator app"
            withAsterisk
            inputMode="numeric"
            maxLength={6}
            autoComplete="one-time-code"
            {...form.getInputProps('otp')}
          />
        ) : (
          <PasswordInput label="Your password" withAsterisk autoComplete="current-password" {...form.getInputProps('password')} />
        )}
        <Alert color="gray">
          It is encrypted, and shown with all but its end hidden. You are told of the change by mail, and nothing is paid to a new
          account for its first days.
        </Alert>
        {save.error && <ErrorState error={save.error} />}
        <Group>
          <Button type="submit" loading={save.isPending}>
            Save the account
          </Button>
          {onClose && (
            <Button variant="subtle" onClick={onClose}>
              Cancel
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
