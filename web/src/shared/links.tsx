/** Mantine's links and buttons as links of the router, with typed addresses: `<ButtonLink to="/runs/$id" params={{ id }}>`. */
import { Anchor, Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ComponentProps } from 'react';

type AsLinkProps = ButtonProps & Omit<ComponentProps<'a'>, keyof ButtonProps>;

/** A button that leads somewhere is a link: to screen readers, and to whoever opens it in another tab. */
function ButtonAsLink(props: AsLinkProps) {
  return <Button component="a" {...props} />;
}

export const AnchorLink = createLink(Anchor<'a'>);
export const ButtonLink = createLink(ButtonAsLink);
