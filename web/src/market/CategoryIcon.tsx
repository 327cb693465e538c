import {
  Banknote, BookOpenText, Bot, Boxes, BriefcaseBusiness, ChartNoAxesColumn, CodeXml, FileText, Globe, GraduationCap, HeartPulse,
  Image, Languages, type LucideIcon, type LucideProps, Mail, Megaphone, Scale, ShieldCheck, Table2,
} from 'lucide-react';

const KNOWN: Record<string, LucideIcon> = {
  'data-quality': Table2, data: Table2, analytics: ChartNoAxesColumn, finance: Banknote, accounting: Banknote, privacy: ShieldCheck,
  security: ShieldCheck, compliance: Scale, legal: Scale, productivity: BriefcaseBusiness, business: BriefcaseBusiness, sales: BriefcaseBusiness,
  developer: CodeXml, development: CodeXml, 'developer-tools': CodeXml, code: CodeXml, text: FileText, documents: FileText, writing: BookOpenText,
  content: BookOpenText, research: BookOpenText, marketing: Megaphone, communication: Mail, email: Mail, web: Globe, images: Image,
  translation: Languages, language: Languages, education: GraduationCap, health: HeartPulse, ai: Bot, automation: Bot,
};

/** A picture for the categories that we know; boxes for the others. */
export function CategoryIcon({ category, ...rest }: LucideProps & { category: string }) {
  const Icon = KNOWN[category] ?? Boxes;
  return <Icon aria-hidden {...rest} />;
}
