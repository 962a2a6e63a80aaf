// An SMSC made of node-smpp: `node_server.js PORT`. Receipts name the id in decimal, responses in hexadecimal.
"use strict";

const smpp = require("smpp");

let last = 0x10000000;

function take(session, pdu) {
  last += 1;
  const number = last;
  session.send(pdu.response({ message_id: number.toString(16) }));
  if (!pdu.registered_delivery) return;
  setTimeout(() => {
    session.deliver_sm({
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: {
        message: `id:${number} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:`,
      },
    });
  }, 100);
}

const server = smpp.createServer((session) => {
  session.on("bind_transceiver", (pdu) => {
    const known = pdu.system_id === "shop" && pdu.password === "secret";
    session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RBINDFAIL, system_id: "node" }));
  });
  session.on("submit_sm", (pdu) => take(session, pdu));
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on("error", () => undefined);
});

server.listen(Number(process.argv[2]), "127.0.0.1");
