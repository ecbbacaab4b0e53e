import { type Html, html } from './markup.ts'

/** The style of the page and of its plots; system fonts, and colours that follow the reader's choice of dark or light. */
export const style: Html = html`
:root { color-scheme: light dark; --back: #fff; --panel: #f6f7f9; --line: #dfe3e8; --ink: #1a1d21; --soft: #59616c; --link: #1f56b8;
  --good: #17703d; --bad: #b3261e; --open: #845400; --good-back: #e8f5ec; --bad-back: #fdecea; --open-back: #fdf3e0;
  --bar: #7f97b8; --dot: #3d6bb3; --band: #cfdef5; --reference: #b3261e }
@media (prefers-color-scheme: dark) { :root { --back: #14161a; --panel: #1c1f24; --line: #32373f; --ink: #e6e9ed; --soft: #a0a8b3; --link: #8db4ff;
  --good: #62cc8f; --bad: #ff9288; --open: #e5b45c; --good-back: #16291d; --bad-back: #321b1a; --open-back: #2d2514;
  --bar: #5f7699; --dot: #84aef2; --band: #2a3f60; --reference: #ff9288 } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 74rem; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; font-variant-numeric: tabular-nums }
h1, h2, h3, h4 { line-height: 1.25; font-weight: 650; margin: 0; text-wrap: balance; overflow-wrap: anywhere }
p { margin: .25rem 0; overflow-wrap: anywhere }
h1 { font-size: 1.75rem; letter-spacing: -.01em }
h2 { font-size: 1.15rem; margin: 2.75rem 0 .75rem }
h3 { font-size: 1rem; margin: 1.75rem 0 .35rem; display: flex; gap: .5ch; align-items: baseline }
h4, .label { font-size: .85rem; font-weight: 650; margin: 1rem 0 .25rem; color: var(--soft) }
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px }
small { font-size: .85em; color: var(--soft) }
code, pre { font: .85rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace }
code { white-space: pre-wrap; overflow-wrap: anywhere }
pre { margin: .25rem 0; padding: .6rem .8rem; max-height: 24rem; overflow: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
.note, .dim, .words, .time { color: var(--soft) }
.note { font-size: .9rem }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin-top: 1rem; padding: .5rem 0; border-block: 1px solid var(--line); font-size: .9rem }
.plain { list-style: none; margin: .25rem 0; padding: 0 }
.plain li { margin: .2rem 0; overflow-wrap: anywhere }
.mark { display: inline-block; width: 1.2em; text-align: center; font-weight: 700 }
.badge { white-space: nowrap; font-weight: 600; font-size: .9em }
.good { color: var(--good) } .bad { color: var(--bad) } .open { color: var(--open) }
.verdict { display: flex; flex-wrap: wrap; gap: 0 .5ch; align-items: baseline; margin: .9rem 0 .6rem; padding: .7rem 1rem; border-left: 4px solid; border-radius: 4px; font-size: 1.1rem }
.verdict strong::first-letter { text-transform: uppercase }
.verdict span:last-child { color: var(--ink) }
.verdict.good { background: var(--good-back) } .verdict.bad { background: var(--bad-back) } .verdict.open { background: var(--open-back) } .verdict.dim { background: var(--panel) }
dl { margin: 0; display: grid; gap: .2rem 2rem; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)) }
dl div { display: flex; gap: 1ch; min-width: 0 }
dt { color: var(--soft); flex: none; min-width: 7ch } dd { margin: 0; min-width: 0; overflow-wrap: anywhere }
.commands { display: block; margin-top: .6rem }
.commands code { color: var(--ink) }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0 }
thead th { font-size: .82rem; font-weight: 500; color: var(--soft); border-bottom: 1px solid var(--line) }
th[scope=row] { font-weight: 600 }
td small, th small { display: block; font-weight: 400 }
.number { text-align: right; white-space: nowrap }
.metrics tbody { border-bottom: 1px solid var(--line) }
.metrics .family th { padding-top: .6rem } .metrics .family small { display: inline }
.metrics .variants th[scope=row] { padding-left: 1.1rem; font-weight: 500 }
.metrics td span { display: block } .metrics .badge, .metrics .badge span, .metrics .mark { display: inline-block }
.strip { padding: .2rem 0; width: 340px } .strip svg { display: block; max-width: 100%; height: auto }
.metrics .notes td { padding: 0 0 .5rem 1.1rem; font-size: .85rem; color: var(--soft) } .notes p { margin: 0 }
.plot { overflow: visible; color: var(--soft) }
.trends { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)) }
figure { margin: 0; min-width: 0 } figure svg { display: block; max-width: 100%; height: auto }
.findings td { border-top: 1px solid var(--line) } .findings td:first-child { width: 7rem } .findings pre { margin: 0 }
.wide { overflow-x: auto }
.lanes { position: relative } .lanes ol { list-style: none; margin: 0; padding: 0; position: relative }
.lanes li, .axis, .grid { display: grid; grid-template-columns: minmax(10rem, 22rem) 1fr 5.5rem; gap: 0 1rem; align-items: center }
.lanes li { font-size: .9rem; line-height: 1.65 }
.lanes .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.lanes .name a { color: inherit; text-decoration-color: var(--line) }
.lanes .time { text-align: right; position: relative }
.axis .track, .grid .track { grid-column: 2; position: relative } .axis { height: 1.4rem; font-size: .75rem; color: var(--soft) }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap } .axis span:first-child { transform: none }
.grid { position: absolute; inset: 0; align-items: stretch } .grid i { position: absolute; top: 0; bottom: 0; border-left: 1px solid var(--line) }
.lanes li .track { position: relative; height: 1em }
.bar { position: absolute; top: .1em; height: .8em; min-width: 2px; border-radius: 2px; background: var(--bar) }
.bar.service { background: none; border: 1px dashed var(--bar) }
.bar.failed, .bar.errored { background: repeating-linear-gradient(135deg, var(--bad) 0 4px, transparent 4px 6px) } .bar.aborted { background: var(--open) }
.bar.path { outline: 1.5px solid var(--ink); outline-offset: 1px }
.key { display: inline-block; width: 1.4em; height: .7em; background: var(--bar); border-radius: 2px; outline: 1.5px solid var(--ink); outline-offset: 1px; margin: 0 .2em }
summary { cursor: pointer } .time { white-space: nowrap }
.step { border-bottom: 1px solid var(--line) }
.step > summary { display: grid; grid-template-columns: auto 1fr auto; gap: 0 .75ch; align-items: baseline; padding: .35rem 0 } .step > summary::-webkit-details-marker { display: none }
.step > summary .name { font-weight: 550; overflow-wrap: anywhere; min-width: 0 }
.inside { padding: 0 0 .9rem 1.95ch }
.reason { font-weight: 500 } h3 .time { margin-left: auto; font-weight: 400; font-size: .9rem }
article > details > summary { color: var(--soft); font-size: .9rem; margin-top: .5rem }
@media (max-width: 52rem) {
  body { padding: 1.25rem 1rem 3rem }
  .lanes li, .axis, .grid { grid-template-columns: 1fr auto }
  .lanes li { grid-template-areas: 'name time' 'track track'; padding: .15rem 0 } .lanes li .name { grid-area: name } .lanes li .track { grid-area: track } .lanes li .time { grid-area: time }
  .axis .track, .grid .track { grid-column: 1 / -1 }
  .metrics thead { display: none } .metrics, .metrics tbody, .metrics tr, .metrics th, .metrics td { display: block; width: auto }
  .metrics tr { padding: .35rem 0 } .metrics th, .metrics td { padding: 0 } .metrics .number { text-align: left; display: inline-block; margin-right: 1.5ch }
  .metrics .number:nth-of-type(3)::before { content: 'n ' } .metrics .number:nth-of-type(4)::before { content: 'least change ' } .strip { width: auto }
}
@media print { body { max-width: none; padding: 0 } pre { max-height: none } }
`
