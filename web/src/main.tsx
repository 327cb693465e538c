import 'virtual:mantine-css';
import './theme/fonts.css';
import './theme/base.css';
import './theme/boot.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './app/App';
import { nonceInstall } from './theme/nonce';

nonceInstall();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
