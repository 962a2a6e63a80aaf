"""The style sheet of the page: light and dark, whichever the reader's system is."""

from __future__ import annotations

STYLE = """
:root{--page:#fff;--ink:#1b1f24;--dim:#636c76;--line:#d5dae0;--good:#15722f;--bad:#c0261c;--warn:#935a00;
--soft:#f4f6f8;--accepted:#2563eb;--throttled:#d97706;--receipts:#0d9488;--fault:#c0261c;--phase:#64748b;--p50:#6d28d9;--p99:#c9b8f5;
--c3:#6d28d9;--c4:#c2256f;--c5:#4d7c0f;--on:#fff}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--ink:#e3e7eb;--dim:#97a1ac;--line:#343b43;--good:#5fd07d;
--bad:#ff8078;--warn:#e5b04f;--soft:#1e2329;--accepted:#6aa3ff;--throttled:#f0a63c;--receipts:#3fc9b8;--fault:#ff8078;
--phase:#8493a8;--p50:#a78bfa;--p99:#4c3f80;--c3:#a78bfa;--c4:#f472b6;--c5:#a3d94f;--on:#14171b}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 20px 64px}
h1{font-size:22px;line-height:1.3;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:16px;margin:36px 0 10px;padding-bottom:4px;border-bottom:1px solid var(--line)}
p{margin:4px 0}
code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
small,.dim,.tick,dt,summary{color:var(--dim)}
header .verdict{color:var(--on);border-radius:4px;padding:2px 10px;font-size:16px;vertical-align:2px}
header .verdict.good{background:var(--good)}
header .verdict.bad{background:var(--bad)}
.good{color:var(--good)}
.bad,.trouble{color:var(--bad);font-weight:600}
.warn{color:var(--warn)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:12px 0 0}
dd{margin:0}
.wide{overflow-x:auto;margin:0 0 14px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 18px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}
thead th{color:var(--dim);font-size:13px;white-space:nowrap}
th.number,td.number{text-align:right;white-space:nowrap}
td:first-child{white-space:nowrap}
.examples td{border-top:0;color:var(--dim);overflow-wrap:anywhere}
.examples ul{margin:0;padding-left:18px}
figure{margin:18px 0}
figcaption{font-weight:600}
summary{cursor:pointer;font-size:13px}
.chart{display:block;max-width:100%;height:auto;font-size:11px}
.chart text{fill:var(--ink)}
.chart text.tick{fill:var(--dim)}
.chart text.number,.chart text.name{fill:var(--on);font-weight:600}
.chart line{stroke:var(--line);stroke-opacity:1}
.chart line.moment{stroke:var(--fault)}
.chart line.border{stroke:var(--phase);stroke-opacity:.55;stroke-dasharray:2 3}
.period{fill:var(--fault);fill-opacity:.12}
.accepted{fill:var(--accepted)}
.throttled{fill:var(--throttled)}
.receipts{fill:var(--receipts)}
.fault,.mark{fill:var(--fault)}
.phase{fill:var(--phase)}
.p50{fill:var(--p50)}
.p99{fill:var(--p99)}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.line0{stroke:var(--accepted)}.fill0{fill:var(--accepted)}
.line1{stroke:var(--throttled)}.fill1{fill:var(--throttled)}
.line2{stroke:var(--receipts)}.fill2{fill:var(--receipts)}
.line3{stroke:var(--c3)}.fill3{fill:var(--c3)}
.line4{stroke:var(--c4)}.fill4{fill:var(--c4)}
.line5{stroke:var(--c5)}.fill5{fill:var(--c5)}
.beside{display:grid;grid-template-columns:max-content minmax(300px,520px);gap:4px 28px;align-items:start;
justify-content:space-between}
@media (max-width:1000px){.beside{grid-template-columns:minmax(0,1fr)}}
h3{font-size:14px;margin:20px 0 6px}
.prose{max-width:78ch}
.note{border-left:3px solid var(--phase);padding-left:10px;color:var(--dim)}
td.wrap{overflow-wrap:anywhere;min-width:220px}
a{color:inherit;text-underline-offset:3px}
.beside th{white-space:nowrap}.beside td,.beside th{padding-right:14px}
.story{margin:8px 0;padding:8px 14px;background:var(--soft);border-radius:6px}
.story summary{font-size:14px}.story summary code{color:var(--ink)}.story summary span{color:var(--warn)}
.story td,.story th{padding:3px 16px 3px 0}
.legend span{margin-right:16px;font-size:13px;white-space:nowrap}
.faults{padding-left:26px}
@media print{details:not(.story){display:none}}
"""
