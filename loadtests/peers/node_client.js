// node-smpp as a client: `node_client.js PORT COUNT WINDOW`.
"use strict";

const smpp = require("smpp");

const TEXT = "Dear client, your order 1234567 is ready: come and see us before the end of the week, or call.";
const [port, count, window] = process.argv.slice(2).map(Number);
let sent = 0;
let answered = 0;

function next() {
  if (sent === count) return;
  const number = String(sent).padStart(7, "0");
  sent += 1;
  session.submit_sm(
    {
      source_addr_ton: 5,
      source_addr: "SHOP",
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: `7705${number}`,
      short_message: TEXT,
    },
    () => {
      answered += 1;
      if (answered === count) session.unbind(() => session.close(() => process.exit(0)));
      else next();
    },
  );
}

const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` }, () => {
  session.bind_transceiver({ system_id: "shop", password: "secret" }, () => {
    for (let index = 0; index < window; index += 1) next(); // the library has no window
  });
});
