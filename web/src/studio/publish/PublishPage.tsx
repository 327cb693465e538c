import { Stepper, Text, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useBlocker } from '@tanstack/react-router';
import { useState } from 'react';

import { confirmAsk } from '@/shared/confirm';
import { Page } from '@/shared/Page';
import { PageHeader } from '@/shared/PageHeader';

import { ownAgentsQuery } from '../queries';
import type { AgentRegistered } from '../types';
import type { Bundle } from './bundle';
import { CheckStep } from './CheckStep';
import { DropStep } from './DropStep';
import { ListingStep } from './ListingStep';
import { manifestNew, manifestParse, manifestText, textIn } from './manifest';
import { Submitted } from './Submitted';

const route = getRouteApi('/studio/publish');

const STEPS = ['Code', 'Listing and price', 'Check and submit'];

/** On a phone there is room for the numbers only; the step's name stands below them. */
function StepLabel({ text, isHidden }: { text: string; isHidden: boolean | undefined }) {
  return isHidden ? <VisuallyHidden>{text}</VisuallyHidden> : text;
}

/** From a folder to a version that waits for its review. */
export function PublishPage() {
  const { agent: asked } = route.useSearch();
  const agents = useQuery(ownAgentsQuery());
  const queries = useQueryClient();
  const isNarrow = useMediaQuery('(max-width: 48em)');
  const [step, setStep] = useState(0);
  const [bundle, setBundle] = useState<Bundle | null>(null);
  const [text, setText] = useState('');
  const [target, setTarget] = useState<string | null>(asked ?? null);
  const [done, setDone] = useState<AgentRegistered | null>(null);

  useBlocker({
    disabled: bundle === null || done !== null,
    enableBeforeUnload: () => bundle !== null && done === null,
    shouldBlockFn: async ({ current, next }) =>
      current.pathname !== next.pathname &&
      !(await confirmAsk({
        title: 'Leave without submitting?',
        children: 'What you dropped and edited here is not stored anywhere yet.',
        confirm: 'Leave',
        danger: true,
      })),
  });

  const take = (next: Bundle) => {
    const own = next.manifest ?? manifestNew(next.files.map(({ path }) => path), next.name);
    const manifest = manifestParse(own);
    setBundle(next);
    setText(own);
    if (asked === undefined && manifest) {
      const slug = textIn(manifest, 'slug');
      setTarget(agents.data?.agents.some((agent) => agent.slug === slug) ? slug : null);
    } else if (asked !== undefined && manifest && !('slug' in manifest)) setText(manifestText({ ...manifest, slug: asked }));
    setStep(1);
  };
  const submitted = (answer: AgentRegistered) => {
    setDone(answer);
    setStep(3);
    void queries.invalidateQueries({ queryKey: ['studio'] });
  };
  const again = () => {
    setBundle(null);
    setText('');
    setDone(null);
    setTarget(null);
    setStep(0);
  };

  return (
    <Page>
      <PageHeader title="Publish">
        Drop your agent&rsquo;s folder, look at what users and reviewers will see, and submit it.
      </PageHeader>
      <Stepper
        active={step}
        onStepClick={(to) => to < step && !done && setStep(to)}
        allowNextStepsSelect={false}
        size={isNarrow ? 'xs' : 'sm'}
        mb={isNarrow ? 'sm' : 'xl'}
      >
        {STEPS.map((text) => (
          <Stepper.Step key={text} label={<StepLabel text={text} isHidden={isNarrow} />} />
        ))}
      </Stepper>
      {isNarrow && step < STEPS.length && (
        <Text size="sm" fw={550} mb="lg" aria-hidden>
          Step {step + 1} of {STEPS.length}: {STEPS[step]}
        </Text>
      )}
      {step === 0 && <DropStep bundle={bundle} onTake={take} onGoOn={() => setStep(1)} />}
      {step === 1 && bundle && (
        <ListingStep
          bundle={bundle}
          text={text}
          onText={setText}
          agents={agents.data?.agents ?? []}
          target={target}
          onTarget={setTarget}
          onBack={() => setStep(0)}
          onGoOn={() => setStep(2)}
        />
      )}
      {step === 2 && bundle && (
        <CheckStep bundle={bundle} text={text} target={target} onBack={() => setStep(1)} onSubmitted={submitted} />
      )}
      {step === 3 && done && <Submitted answer={done} onAgain={again} />}
    </Page>
  );
}
