import 'virtual:mantine-css';
import './theme/fonts.css';
import './theme/base.css';
import './theme/boot.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app/App';
import { router } from './app/router';
import { nonceInstall } from './theme/nonce';

nonceInstall();

const root = document.getElementById('root');
if (root) {
  const show = () =>
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    );
  // What the server sent stays until there is a page to put in its place, be it one that says what went wrong.
  router.load().then(show, show);
}
