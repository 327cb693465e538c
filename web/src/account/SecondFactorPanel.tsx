import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import type { Schemas } from '@/api/types';
import { Panel } from '@/shared/Panel';
import { StatusBadge } from '@/shared/StatusBadge';
import { plural } from '@/shared/numbers';

import { EnrollDialog } from './EnrollDialog';
import { ProofDialog } from './ProofDialog';
import { RecoveryCodes } from './RecoveryCodes';
import { factorDisable, recoveryCodesNew } from './secondFactor';

const FEW = 3;

export function SecondFactorPanel({ me }: { me: Schemas['Me'] }) {
  const [dialog, setDialog] = useState<'enroll' | 'codes' | 'disable' | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const left = me.recovery_codes ?? 0;
  const close = () => setDialog(null);
  return (
    <Panel
      title="Second factor"
      description="A code from an app on your phone, besides the password: a stolen password alone opens nothing."
      aside={me.two_factor ? <StatusBadge status="active" /> : undefined}
    >
      <Stack gap="sm" align="flex-start">
        {codes && <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />}
        {me.two_factor ? (
          <>
            <Text size="sm" c={left < FEW ? 'orange' : undefined}>
              {left === 0 ? 'You have no recovery codes left.' : `${plural(left, 'recovery code')} left.`}
              {left < FEW && ' Make new ones, so that a lost phone does not lock you out.'}
            </Text>
            <Group gap="xs">
              <Button variant="default" onClick={() => setDialog('codes')}>
                New recovery codes
              </Button>
              {me.role !== 'admin' && (
                <Button variant="subtle" color="red" onClick={() => setDialog('disable')}>
                  Turn it off
                </Button>
              )}
            </Group>
            {me.role === 'admin' && (
              <Text size="xs" c="dimmed">
                Administrators must have one and cannot turn it off.
              </Text>
            )}
          </>
        ) : (
          <Button onClick={() => setDialog('enroll')}>Set it up</Button>
        )}
      </Stack>
      {dialog === 'enroll' && (
        <EnrollDialog
          onClose={close}
          onDone={(made) => {
            close();
            setCodes(made);
          }}
        />
      )}
      {dialog === 'codes' && (
        <ProofDialog
          title="New recovery codes"
          text="The ones you have stop working."
          confirm="Make new codes"
          hasFactor
          onClose={close}
          act={async (proof) => setCodes(await recoveryCodesNew(proof))}
        />
      )}
      {dialog === 'disable' && (
        <ProofDialog
          title="Turn the second factor off"
          text="From then on the password alone opens your account."
          confirm="Turn it off"
          hasFactor
          danger
          onClose={close}
          act={factorDisable}
        />
      )}
    </Panel>
  );
}
