// What agents sign, built and checked with nothing but Node: the committed vectors are what Rust makes.
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function statement({ chain_id, orderbook, provider, issued_at }) {
  const parts = [Buffer.from("souk presence 1\n")];
  for (const text of [chain_id, orderbook, provider]) {
    const bytes = Buffer.from(text, "utf8");
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  const second = Buffer.alloc(8);
  second.writeBigUInt64BE(BigInt(issued_at));
  return Buffer.concat([...parts, second]);
}

test("the bytes and signatures of a provider's word are the same here", async () => {
  const file = new URL("../vectors/presence.json", import.meta.url);
  const vectors = JSON.parse(await readFile(file));
  assert.ok(vectors.length > 3);
  for (const vector of vectors) {
    const bytes = statement(vector);
    assert.equal(bytes.toString("hex"), vector.bytes);
    const der = Buffer.concat([PKCS8, Buffer.from(vector.seed, "hex")]);
    const secret = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    assert.equal(sign(null, bytes, secret).toString("hex"), vector.signature);
    const key = createPublicKey(secret);
    assert.equal(key.export({ format: "der", type: "spki" }).subarray(12).toString("hex"), vector.key);
    assert.ok(verify(null, bytes, key, Buffer.from(vector.signature, "hex")));
  }
});
