/**
 * Markdown to HTML that may stand in our page, whoever wrote it.
 *
 * What always holds: no scripts, styles, forms, frames or ids; links open elsewhere and pass nothing on; pictures of
 * other hosts are links to them, because showing one would tell that host who reads.
 */
import DOMPurify from 'dompurify';
import { marked } from 'marked';

const purify = DOMPurify(window);

const TAGS = [
  'a', 'b', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'img', 'input', 'kbd', 'li',
  'ol', 'p', 'pre', 's', 'strong', 'sub', 'sup', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul',
];

purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName === 'A') {
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer nofollow ugc');
  }
  if (node.nodeName === 'TH' && (node.textContent ?? '').trim() === '') node.replaceWith(cell(node));
});

function cell(node: Element): Element {
  const plain = node.ownerDocument.createElement('td');
  plain.append(...node.childNodes);
  return plain;
}

export function markdownToHtml(text: string, firstHeading = 3): string {
  const html = marked.parse(text, { async: false, gfm: true, breaks: false });
  const clean = purify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href', 'src', 'alt', 'title', 'align', 'start', 'type', 'checked', 'disabled'],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#|data:image\/(?:png|jpeg|gif|webp);)/i,
    RETURN_DOM_FRAGMENT: true,
  });
  headingsLower(clean, firstHeading);
  for (const picture of clean.querySelectorAll('img')) pictureGuard(picture);
  for (const box of clean.querySelectorAll('input')) boxGuard(box);
  for (const table of clean.querySelectorAll('table')) tableFrame(table);
  for (const code of clean.querySelectorAll('pre')) code.tabIndex = 0;
  const holder = document.createElement('div');
  holder.append(clean);
  return holder.innerHTML;
}

/** A page has one `h1`, which is ours: the text's own outline hangs below it, without gaps. */
function headingsLower(root: DocumentFragment, first: number): void {
  const headings = [...root.querySelectorAll('h1,h2,h3,h4,h5,h6')];
  const levels = [...new Set(headings.map((heading) => Number(heading.nodeName[1])))].sort();
  for (const heading of headings) {
    const level = Math.min(6, first + levels.indexOf(Number(heading.nodeName[1])));
    const lower = document.createElement(`h${level}`);
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
}

function pictureGuard(picture: HTMLImageElement): void {
  const source = picture.getAttribute('src') ?? '';
  if (source.startsWith('data:')) return;
  const link = document.createElement('a');
  link.textContent = picture.alt ? `Picture: ${picture.alt}` : 'Picture';
  if (/^https?:/i.test(source)) {
    link.href = source;
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow ugc';
  }
  // A picture inside a link: one link is enough.
  const outer = picture.closest('a');
  if (outer) picture.replaceWith(link.textContent);
  else picture.replaceWith(link);
}

/** Wide tables scroll by themselves, also with the keyboard. */
function tableFrame(table: HTMLTableElement): void {
  const frame = document.createElement('div');
  frame.className = 'markdown-table scroll-x';
  frame.tabIndex = 0;
  frame.setAttribute('role', 'group');
  frame.setAttribute('aria-label', 'Table');
  table.replaceWith(frame);
  frame.append(table);
}

/** Task lists have boxes that nobody can tick; anything else that looks like a field goes. */
function boxGuard(box: HTMLInputElement): void {
  if (box.type !== 'checkbox') return box.remove();
  box.replaceWith(box.checked ? '☑ ' : '☐ ');
}
