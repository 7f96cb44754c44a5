// What agents sign, built and checked with nothing but Node: the committed vectors are what Rust makes.
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function number(value, bytes) {
  const hex = BigInt(value).toString(16);
  return Buffer.from(hex.padStart(2 * bytes, "0"), "hex");
}

// A text as its length in four bytes and itself.
function text(value) {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([number(bytes.length, 4), bytes]);
}

function statement({ chain_id, orderbook, provider, issued_at }) {
  const texts = [chain_id, orderbook, provider].map(text);
  return Buffer.concat([Buffer.from("souk presence 1\n"), ...texts, number(issued_at, 8)]);
}

function quote(of) {
  const { chain_id, orderbook, provider, tenant, group, terms, denom, offer } = of;
  return Buffer.concat([
    Buffer.from("souk quote 1\n"),
    ...[chain_id, orderbook, provider, tenant, group, terms].map(text),
    // A new lease: no running one is changed.
    number(0, 8),
    text(""),
    text(denom),
    number(of.price, 16),
    number(of.max_take_bps, 2),
    text(offer),
    ...[of.issued_at, of.valid_until, of.nonce].map((value) => number(value, 8)),
  ]);
}

async function check(name, least, bytesOf) {
  const vectors = JSON.parse(await readFile(new URL(`../vectors/${name}`, import.meta.url)));
  assert.ok(vectors.length >= least);
  for (const vector of vectors) {
    const bytes = bytesOf(vector);
    assert.equal(bytes.toString("hex"), vector.bytes);
    const der = Buffer.concat([PKCS8, Buffer.from(vector.seed, "hex")]);
    const secret = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    assert.equal(sign(null, bytes, secret).toString("hex"), vector.signature);
    const key = createPublicKey(secret);
    assert.equal(key.export({ format: "der", type: "spki" }).subarray(12).toString("hex"), vector.key);
    assert.ok(verify(null, bytes, key, Buffer.from(vector.signature, "hex")));
  }
  return vectors;
}

test("the bytes and signatures of a provider's word are the same here", async () => {
  await check("presence.json", 4, statement);
});

test("the bytes and signatures of quotes are the same here, and their JSON is compact", async () => {
  for (const { group, terms, offer } of await check("quote.json", 3, quote)) {
    for (const json of [group, terms, offer]) {
      const compact = JSON.stringify(JSON.parse(json));
      const capitals = (code) => `\\u${code.slice(2).toUpperCase()}`;
      assert.equal(compact.replace(/\\u00[0-9a-f]{2}/g, capitals), json);
    }
  }
});
