import { words } from '@/shared/words';

/** Categories are words of developers. */
export const categoryLabel = (category: string): string => words(category);
