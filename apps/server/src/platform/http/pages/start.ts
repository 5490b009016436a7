import { html, page } from './layout.ts'

/** The first page a person sees: what this is, how to use it, and for somebody signed in the newest orders and their stories. */
export function startPage(signedIn: boolean): string {
  return page({
    title: 'Switchyard',
    scripts: ['start.js'],
    signed_in: signedIn,
    body: html`
<noscript><p class="notice">Signing in and the live figures need JavaScript. Everything else works without.</p></noscript>
<div id="app" aria-live="polite"></div>
<template id="welcome">
  <section class="hero">
    <div>
      <h1>Every order finds its way.</h1>
      <p class="lead">Switchyard takes orders from every channel, keeps the one true count of stock, decides which location fulfills what and says why, and tells every other system what it needs to know.</p>
      <p class="actions"><a class="button" href="/reference">Open the reference</a> <a class="quiet" href="/problems">What errors mean</a></p>
    </div>
    <form id="sign-in" class="card" autocomplete="on">
      <h2>Sign in</h2>
      <p class="muted">The logins were printed when the server started.</p>
      <label>E-mail <input name="email" type="email" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <p class="error" role="alert" hidden></p>
      <button type="submit">Sign in</button>
    </form>
  </section>
  <section class="ways" aria-label="Ways in">
    <div><h3>Ask</h3><p>Programs send an API key. Lists, filters and errors look alike everywhere.</p><pre><code>curl -H "Authorization: Bearer $KEY" \\
<span data-origin></span>/v1/orders</code></pre></div>
    <div><h3>Follow</h3><p>Every change is an event, in one gapless order. Keep the last position and nothing is missed.</p><pre><code>curl -NH "Authorization: Bearer $KEY" \\
<span data-origin></span>/v1/events/stream</code></pre></div>
    <div><h3>Operate</h3><p>The command line speaks the same API. The auditor proves that every number adds up.</p><pre><code>npm run switchyard -- keys list
npm run switchyard -- audit</code></pre></div>
  </section>
</template>`,
  })
}
