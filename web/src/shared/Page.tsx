import { Container, type ContainerProps } from '@mantine/core';

/** The width and air of a page. `size="sm"` for forms and reading, `lg` (default) for lists, `fluid` for workbenches. */
export function Page({ children, ...rest }: ContainerProps) {
  return (
    <Container size="lg" px={{ base: 'md', sm: 'xl' }} py={{ base: 'lg', sm: 'xl' }} w="100%" {...rest}>
      {children}
    </Container>
  );
}
