// A facilitator without a chain: signatures are checked for real, balances and nonces are kept here. Its first settlement is made and
// never answered. Prints its URL.
import { createServer } from "node:http";
import { verifyTypedData } from "viem";

const types = {
  TransferWithAuthorization: [
    { name: "from", type: "address" }, { name: "to", type: "address" }, { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" }, { name: "validBefore", type: "uint256" }, { name: "nonce", type: "bytes32" },
  ],
};
const balances = new Map();
const used = new Map();
let settlements = 0;

async function check({ x402Version, paymentPayload, paymentRequirements: owed }) {
  const { signature, authorization } = paymentPayload.payload;
  const domain = { name: owed.extra.name, version: owed.extra.version, chainId: 84532, verifyingContract: owed.asset };
  const signed = { domain, types, primaryType: "TransferWithAuthorization", message: authorization, signature };
  if (!(await verifyTypedData({ address: authorization.from, ...signed }))) return "invalid_exact_evm_signature";
  const amount = x402Version === 1 ? owed.maxAmountRequired : owed.amount;
  if (authorization.to.toLowerCase() !== owed.payTo.toLowerCase()) return "invalid_exact_evm_recipient_mismatch";
  if (authorization.value !== amount) return "invalid_exact_evm_payload_authorization_value_mismatch";
  if (used.has(authorization.from + authorization.nonce)) return "invalid_exact_evm_nonce_already_used";
  if ((balances.get(authorization.from) ?? 1_000_000n) < BigInt(amount)) return "invalid_exact_evm_insufficient_balance";
  return null;
}

async function answer(path, request) {
  const wrong = await check(request);
  const { authorization } = request.paymentPayload.payload;
  if (path === "/verify") return wrong ? { isValid: false, invalidReason: wrong } : { isValid: true, payer: authorization.from };
  const network = request.paymentRequirements.network;
  if (wrong) return { success: false, errorReason: wrong, transaction: "", network };
  used.set(authorization.from + authorization.nonce, true);
  balances.set(authorization.from, (balances.get(authorization.from) ?? 1_000_000n) - BigInt(authorization.value));
  settlements += 1;
  return { success: true, payer: authorization.from, transaction: authorization.nonce, network };
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  if (request.url === "/balances") {
    response.end(JSON.stringify({ settlements, balances: [...balances].map(([who, left]) => [who, String(left)]) }));
    return;
  }
  const said = await answer(request.url, JSON.parse(Buffer.concat(chunks)));
  if (request.url === "/settle" && said.success && settlements === 1) return;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(said));
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
