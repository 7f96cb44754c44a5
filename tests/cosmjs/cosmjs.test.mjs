// CosmJS against a chain: the same test for the embedded chain and for wasmd.
//
// SOUK_RPC       URL of the RPC
// SOUK_PREFIX    address prefix
// SOUK_DENOM     denom of fees and transfers
// SOUK_MNEMONIC  a mnemonic whose first account has coins
// SOUK_WASM      file to upload: the fee distributor's wasm, or the embedded chain's marker for it
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { SigningCosmWasmClient } from "@cosmjs/cosmwasm-stargate";
import { DirectSecp256k1HdWallet } from "@cosmjs/proto-signing";
import { GasPrice, calculateFee, coins } from "@cosmjs/stargate";
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";

function setting(name) {
  const value = process.env[name];
  assert.ok(value, `${name} must be set`);
  return value;
}

const rpc = setting("SOUK_RPC");
const prefix = setting("SOUK_PREFIX");
const denom = setting("SOUK_DENOM");
const gasPrice = GasPrice.fromString(`0.025${denom}`);
const fee = (gas) => calculateFee(gas, gasPrice);

let comet, client, wallet, sender, receiver;

before(async () => {
  wallet = await DirectSecp256k1HdWallet.fromMnemonic(setting("SOUK_MNEMONIC"), { prefix });
  [{ address: sender }] = await wallet.getAccounts();
  const other = await DirectSecp256k1HdWallet.generate(12, { prefix });
  [{ address: receiver }] = await other.getAccounts();
  comet = await Comet38Client.connect(rpc);
  client = await SigningCosmWasmClient.createWithSigner(comet, wallet, {
    gasPrice,
    broadcastPollIntervalMs: 200,
  });
});

after(() => client?.disconnect());

const transfer = (amount) => ({
  typeUrl: "/cosmos.bank.v1beta1.MsgSend",
  value: { fromAddress: sender, toAddress: receiver, amount: coins(amount, denom) },
});

async function balance(address) {
  return BigInt((await client.getBalance(address, denom)).amount);
}

function attribute(events, type, key) {
  return events
    .filter((event) => event.type === type)
    .flatMap((event) => event.attributes)
    .find((attribute) => attribute.key === key)?.value;
}

test("it connects and blocks go on", async () => {
  const status = await comet.status();
  assert.match(status.nodeInfo.version, /^0\.3[89]\./);
  assert.equal(await client.getChainId(), status.nodeInfo.network);
  const first = await client.getHeight();
  let later = first;
  while (later <= first) {
    await new Promise((wake) => setTimeout(wake, 100));
    later = await client.getHeight();
  }
  const block = await client.getBlock(first);
  assert.equal(block.header.height, first);
});

test("it estimates, signs, sends and finds a transfer", async () => {
  const [before, gas] = [await balance(sender), await client.simulate(sender, [transfer(7)], "")];
  const paid = fee(Math.ceil(gas * 1.4));
  const result = await client.sendTokens(sender, receiver, coins(7, denom), paid, "a memo");
  assert.equal(result.code, 0);
  assert.equal(await balance(receiver), 7n);
  assert.equal(await balance(sender), before - 7n - BigInt(paid.amount[0].amount));
  assert.equal(attribute(result.events, "transfer", "recipient") !== undefined, true);

  const found = await client.getTx(result.transactionHash);
  assert.equal(found.height, result.height);
  const listed = await client.searchTx([{ key: "transfer.recipient", value: receiver }]);
  assert.deepEqual(listed.map((tx) => tx.hash), [result.transactionHash]);
});

test("it stores, instantiates, executes and queries a contract", async () => {
  const code = await readFile(setting("SOUK_WASM"));
  const stored = await client.upload(sender, code, fee(5_000_000));
  const details = await client.getCodeDetails(stored.codeId);
  assert.equal(details.checksum, stored.checksum);

  const day = 86_400;
  const msg = {
    pool: receiver,
    stake_denom: denom,
    denoms: [{ native: denom }],
    split: { pool_bps: 4_000, stakers_bps: 6_000, burn_bps: 0 },
    min_total_stake: "1",
    drip_period: 7 * day,
    unstaking_period: day,
  };
  const made = await client.instantiate(sender, stored.codeId, msg, "fees", fee(1_000_000), {
    admin: sender,
  });
  const contract = await client.getContract(made.contractAddress);
  assert.equal(contract.codeId, stored.codeId);
  assert.equal(contract.admin, sender);
  assert.deepEqual(await client.getContracts(stored.codeId), [made.contractAddress]);

  const stake = { stake: {} };
  const gas = fee(500_000);
  const funds = coins(15, denom);
  const staked = await client.execute(sender, made.contractAddress, stake, gas, "", funds);
  assert.equal(attribute(staked.events, "wasm-souk_fees_staked", "amount"), "15");
  assert.equal(await balance(made.contractAddress), 15n);
  const asked = { staker: { staker: sender } };
  const held = await client.queryContractSmart(made.contractAddress, asked);
  assert.equal(held.stake, "15");
  const raw = await client.queryContractRaw(made.contractAddress, Buffer.from("c"));
  assert.equal(JSON.parse(Buffer.from(raw).toString()).stake_denom, denom);

  const results = await comet.blockResults(staked.height);
  const events = results.results.flatMap((result) => result.events);
  const emitter = attribute(events, "wasm-souk_fees_staked", "_contract_address");
  assert.equal(emitter, made.contractAddress);

  const tooMuch = { unstake: { amount: "100000" } };
  await assert.rejects(
    client.execute(sender, made.contractAddress, tooMuch, fee(500_000)),
    (error) =>
      /code: 5/i.test(error.message) &&
      /has staked 15; 100000 asked/.test(error.message) &&
      /execute wasm contract failed/.test(error.message),
  );
  await assert.rejects(client.queryContractSmart(made.contractAddress, { nonsense: {} }), /\(6\)/);
});

test("a wrong sequence is refused with code 32", async () => {
  const { accountNumber, sequence } = await client.getSequence(sender);
  const signer = { accountNumber, sequence: sequence + 5, chainId: await client.getChainId() };
  const signed = await client.sign(sender, [transfer(1)], fee(200_000), "", signer);
  const bytes = TxRaw.encode(signed).finish();
  await assert.rejects(client.broadcastTxSync(bytes), (error) => {
    assert.equal(error.code, 32);
    assert.equal(error.codespace, "sdk");
    const expected = `account sequence mismatch, expected ${sequence}, got ${sequence + 5}`;
    return error.log.startsWith(expected);
  });
});

test("new blocks arrive over the websocket", async () => {
  const socket = await Comet38Client.connect(rpc.replace(/^http/, "ws"));
  let subscription;
  try {
    const height = await new Promise((resolve, reject) => {
      subscription = socket.subscribeNewBlock().subscribe({
        next: (event) => resolve(event.header.height),
        error: reject,
      });
    });
    assert.ok(height > 0);
  } finally {
    subscription?.unsubscribe();
    socket.disconnect();
  }
});
