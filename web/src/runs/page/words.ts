/** States and ends of runs in plain words. */
import type { Execution, FailureReason } from '../types';

export const WAITING: Record<NonNullable<Execution['waiting_for']>, string> = {
  payment: 'Waiting for the hold on your wallet.',
  retry: 'Waiting to be tried again: the last attempt broke off through no fault of the agent.',
  user_limit: 'Waiting for another run of yours to end: you have as many running as an account may have at once.',
  agent_limit: 'Waiting for another run of this agent to end: it has as many running as it may have at once.',
  slot: 'Waiting for a free worker.',
};

interface Ending {
  title: string;
  /** What it means, and what to do next. */
  text: string;
}

export const ENDINGS: Record<FailureReason, Ending> = {
  exit: { title: 'The agent failed', text: 'It ended with an error. Its log says more; often other inputs help.' },
  signal: { title: 'The agent crashed', text: 'It was ended by a signal. If that happens again, its developer should know.' },
  forbidden_call: {
    title: 'The agent tried what no agent may',
    text: 'It made a system call that the sandbox forbids, and was stopped.',
  },
  oom: { title: 'The agent ran out of memory', text: 'It needed more memory than it is allowed. Smaller inputs may fit.' },
  timeout: { title: 'The agent ran out of time', text: 'It was stopped at its time limit. Smaller inputs may be fast enough.' },
  outputs_invalid: {
    title: 'The agent broke its promise',
    text: 'It ended well, but its outputs are missing or not what its manifest promises.',
  },
  cancelled: { title: 'The run was cancelled', text: 'The agent was stopped and its result was not kept.' },
  platform: { title: 'FrameOS could not run the agent', text: 'That is our fault, not that of the agent or your inputs. Try again.' },
  payment_declined: {
    title: 'The payment was declined',
    text: 'The agent was done, but the payment did not go through, so its result is not shown.',
  },
};

export const OTHER_ENDING: Ending = { title: 'The run did not succeed', text: 'Its log may say why.' };
