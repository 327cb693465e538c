// Checks an exported mandate (a JSON file) with libraries that are not ours: @sd-jwt/core and jose, with Node's own cryptography.
// The second argument is the time to check it at, in seconds.
// Prints what the two mandates, the checkout and the receipts say as JSON; fails with exit code 1 on anything that does not hold.

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { SDJwtInstance } from "@sd-jwt/core";
import { createLocalJWKSet, compactVerify, decodeProtectedHeader, importJWK } from "jose";

const [file, now] = process.argv.slice(2);
const exported = JSON.parse(readFileSync(file, "utf8"));
const keys = createLocalJWKSet(exported.jwks);
const b64url = (bytes) => Buffer.from(bytes).toString("base64url");
const hash = (text) => b64url(createHash("sha256").update(text).digest());

const must = (holds, what) => {
  if (!holds) throw new Error(what);
};

async function signed(jwt) {
  const { payload, protectedHeader } = await compactVerify(jwt, keys, { algorithms: ["ES256"] });
  return { header: protectedHeader, payload: JSON.parse(new TextDecoder().decode(payload)) };
}

async function mandate(text) {
  const { kid } = decodeProtectedHeader(text.split("~")[0]);
  const jwk = exported.jwks.keys.find((key) => key.kid === kid);
  const key = await importJWK(jwk, "ES256");
  const instance = new SDJwtInstance({
    hasher: (data, algorithm) => createHash(algorithm.replace("-", "")).update(data).digest(),
    hashAlg: "sha-256",
    saltGenerator: (length) => randomBytes(length).toString("hex"),
    verifier: async (data, signature) =>
      crypto.subtle.verify(
        { name: "ECDSA", hash: "SHA-256" },
        key,
        Buffer.from(signature, "base64url"),
        new TextEncoder().encode(data),
      ),
  });
  const { payload, header } = await instance.verify(text, { currentDate: Number(now) });
  must(header.alg === "ES256" && header.typ === "dc+sd-jwt", "header");
  must(payload.delegate_payload.length === 1, "one mandate in each");
  return payload.delegate_payload[0];
}

const checkout_mandate = await mandate(exported.checkout_mandate);
const payment_mandate = await mandate(exported.payment_mandate);
const checkout = (await signed(exported.checkout_jwt)).payload;
must(checkout_mandate.vct === "mandate.checkout.1", "vct of the checkout mandate");
must(payment_mandate.vct === "mandate.payment.1", "vct of the payment mandate");
must(checkout_mandate.checkout_jwt === exported.checkout_jwt, "the checkout");
must(checkout_mandate.checkout_hash === hash(exported.checkout_jwt), "checkout_hash");
must(payment_mandate.transaction_id === hash(exported.checkout_jwt), "transaction_id");
must(Number.isSafeInteger(payment_mandate.payment_amount.amount), "an amount in minor units");

const receipts = {};
for (const [name, text] of [
  ["checkout_receipt", exported.checkout_mandate],
  ["payment_receipt", exported.payment_mandate],
]) {
  if (!exported[name]) continue;
  receipts[name] = (await signed(exported[name])).payload;
  must(receipts[name].reference === hash(text), `reference of the ${name}`);
}
console.log(JSON.stringify({ checkout_mandate, payment_mandate, checkout, ...receipts }));
