// Buys runs from the server whose URL is the argument: with the official clients of version 2 and version 1.
import assert from "node:assert/strict";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment as wrapFirst } from "x402-fetch";

const url = `${process.argv[2]}/agents/pii-redactor/execute`;
const order = (prefer) => ({
  method: "POST",
  headers: { "content-type": "application/json", ...(prefer && { prefer }) },
  body: JSON.stringify({ inputs: { text: "mail me: someone@example.com" } }),
});
const read = async (id, token) => {
  const answer = await fetch(`${process.argv[2]}/executions/${id}`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  return { run: (await answer.json()).data, settlement: answer.headers.get("payment-response") };
};

const account = privateKeyToAccount(generatePrivateKey());
const pay = wrapFetchWithPayment(fetch, new x402Client().register("eip155:*", new ExactEvmScheme(account)));

// The first settlement's answer is lost: the run is found paid all the same.
let answer = await pay(url, order());
assert.equal(answer.status, 202, await answer.clone().text());
const { execution_id: id, read_token: token } = (await answer.json()).data;
let found;
do {
  await new Promise((resolve) => setTimeout(resolve, 200));
  found = await read(id, token);
} while (!["success", "failed"].includes(found.run.status));
assert.equal(found.run.status, "success", JSON.stringify(found.run));
assert.ok(!JSON.stringify(found.run.outputs).includes("someone@example.com"));
assert.equal(decodePaymentResponseHeader(found.settlement).success, true);
console.log("version 2, its settlement's answer lost: paid and", found.run.status);

answer = await pay(url, order("wait=60"));
assert.equal(answer.status, 200, await answer.clone().text());
assert.equal((await answer.clone().json()).data.status, "success");
const settlement = decodePaymentResponseHeader(answer.headers.get("payment-response"));
assert.equal(settlement.success, true);
assert.match(settlement.transaction, /^0x[0-9a-f]{64}$/);
console.log("version 2: paid and", (await answer.json()).data.status);

const first = await wrapFirst(fetch, account)(url, order("wait=60"));
assert.equal(first.status, 200, await first.clone().text());
assert.equal((await first.json()).data.status, "success");
assert.ok(first.headers.get("x-payment-response"));
console.log("version 1: paid");
