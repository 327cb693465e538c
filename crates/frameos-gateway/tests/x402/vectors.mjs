// Makes vectors.json: payments signed by the reference client (@x402/core and @x402/evm 2.27.0, viem 2), so that what we read is
// what others write. Run it in a folder with these packages installed:
//   npm install @x402/core@2.27.0 @x402/evm@2.27.0 viem@2 && node vectors.mjs > vectors.json
// The key is a well-known test key and holds nothing.
import { privateKeyToAccount } from "viem/accounts";
import { verifyTypedData } from "viem";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { ExactEvmSchemeV1 } from "@x402/evm/exact/v1/client";

const SIGNED_AT = 1_795_000_000;
Date.now = () => SIGNED_AT * 1000;

const account = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
const accepts = {
  scheme: "exact",
  network: "eip155:84532",
  amount: "5898",
  asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  maxTimeoutSeconds: 200,
  extra: { name: "USDC", version: "2", quote: "5c1e6e0f9a0b4d53" },
};
const resource = { url: "https://frameos.test/agents/echo/execute", description: "Agent echo", mimeType: "application/json" };
const v1Accepts = {
  scheme: "exact", network: "base-sepolia", maxAmountRequired: "5898", resource: resource.url, description: resource.description,
  mimeType: resource.mimeType, payTo: accepts.payTo, maxTimeoutSeconds: 200, asset: accepts.asset, extra: accepts.extra,
};
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64");

const second = await new ExactEvmScheme(account).createPaymentPayload(2, accepts);
const v2 = { x402Version: 2, resource, accepted: accepts, payload: second.payload };
const first = await new ExactEvmSchemeV1(account).createPaymentPayload(1, v1Accepts);
const v1 = { ...first };

const { signature, authorization } = v2.payload;
const genuine = await verifyTypedData({
  address: account.address,
  domain: { name: "USDC", version: "2", chainId: 84532, verifyingContract: accepts.asset },
  types: {
    TransferWithAuthorization: [
      { name: "from", type: "address" }, { name: "to", type: "address" }, { name: "value", type: "uint256" },
      { name: "validAfter", type: "uint256" }, { name: "validBefore", type: "uint256" }, { name: "nonce", type: "bytes32" },
    ],
  },
  primaryType: "TransferWithAuthorization",
  message: authorization,
  signature,
});
if (!genuine) throw new Error("the client signed something else");
console.log(JSON.stringify({ payer: account.address, required: { accepts: [accepts] }, v2: encode(v2), v1: encode(v1), v2_plain: v2, v1_plain: v1 }, null, 1));
