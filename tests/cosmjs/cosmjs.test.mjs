// CosmJS against a chain: the same test for the embedded chain and for wasmd.
//
// SOUK_RPC       URL of the RPC
// SOUK_PREFIX    address prefix
// SOUK_DENOM     denom of fees and transfers
// SOUK_MNEMONIC  a mnemonic whose first account has coins
// SOUK_WASM      file to upload: the fee distributor's wasm, or the embedded chain's marker for it
//
// All but the first coins is signed by an account that is made here. Since SDK 0.54 the numbers of such
// accounts have the top bit set, which those of the genesis do not.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { SigningCosmWasmClient } from "@cosmjs/cosmwasm-stargate";
import { DirectSecp256k1HdWallet, Registry } from "@cosmjs/proto-signing";
import {
  GasPrice,
  QueryClient,
  SigningStargateClient,
  assertIsDeliverTxSuccess,
  calculateFee,
  coins,
  createProtobufRpcClient,
  defaultRegistryTypes,
} from "@cosmjs/stargate";
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { QueryClientImpl } from "cosmjs-types/cosmwasm/wasm/v1/query";
import {
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgInstantiateContractResponse,
  MsgStoreCode,
  MsgStoreCodeResponse,
} from "cosmjs-types/cosmwasm/wasm/v1/tx";

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
const FUNDS = 100_000_000;

// The contract client of CosmJS cannot be used (its test says why), so the messages are registered here.
const registry = new Registry([
  ...defaultRegistryTypes,
  ["/cosmwasm.wasm.v1.MsgStoreCode", MsgStoreCode],
  ["/cosmwasm.wasm.v1.MsgInstantiateContract", MsgInstantiateContract],
  ["/cosmwasm.wasm.v1.MsgExecuteContract", MsgExecuteContract],
]);
const options = { gasPrice, registry, broadcastPollIntervalMs: 200 };

let comet, client, wasm, wallet, genesis, sender, receiver;

before(async () => {
  comet = await Comet38Client.connect(rpc);
  const rich = await DirectSecp256k1HdWallet.fromMnemonic(setting("SOUK_MNEMONIC"), { prefix });
  [{ address: genesis }] = await rich.getAccounts();
  wallet = await DirectSecp256k1HdWallet.generate(12, { prefix });
  [{ address: sender }] = await wallet.getAccounts();
  const other = await DirectSecp256k1HdWallet.generate(12, { prefix });
  [{ address: receiver }] = await other.getAccounts();
  const bank = SigningStargateClient.createWithSigner(comet, rich, options);
  const funded = await bank.sendTokens(genesis, sender, coins(FUNDS, denom), fee(200_000));
  assertIsDeliverTxSuccess(funded);
  client = SigningStargateClient.createWithSigner(comet, wallet, options);
  wasm = new QueryClientImpl(createProtobufRpcClient(QueryClient.withExtensions(comet)));
});

after(() => client?.disconnect());

const json = (value) => Buffer.from(JSON.stringify(value));

/** Sends one message, which must succeed; the result and the message's answer. */
async function send(typeUrl, value, gas, answer) {
  const result = await client.signAndBroadcast(sender, [{ typeUrl, value }], fee(gas));
  assertIsDeliverTxSuccess(result);
  return { ...result, answer: answer.decode(result.msgResponses[0].value) };
}

const executed = (contract, msg, funds = []) => ({
  typeUrl: "/cosmwasm.wasm.v1.MsgExecuteContract",
  value: MsgExecuteContract.fromPartial({ sender, contract, msg: json(msg), funds }),
});

async function smart(address, question) {
  const { data } = await wasm.SmartContractState({ address, queryData: json(question) });
  return JSON.parse(Buffer.from(data).toString());
}

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

test("an account that is made after the genesis has a number with the top bit set", async () => {
  assert.ok((await client.getAccount(genesis)).accountNumber < 2n ** 63n);
  assert.ok((await client.getAccount(sender)).accountNumber >= 2n ** 63n);
});

// When this fails, CosmJS can, and the guides need no longer say which client works.
test("the contract client of CosmJS cannot read such an account", async () => {
  const contracts = await SigningCosmWasmClient.createWithSigner(comet, wallet);
  assert.equal((await contracts.getAccount(genesis)).address, genesis);
  await assert.rejects(contracts.getAccount(sender), /53 bits/);
});

test("it stores, instantiates, executes and queries a contract", async () => {
  const wasmByteCode = await readFile(setting("SOUK_WASM"));
  const code = { sender, wasmByteCode };
  const stored = await send("/cosmwasm.wasm.v1.MsgStoreCode", code, 5_000_000, MsgStoreCodeResponse);
  const { codeId } = stored.answer;
  const { codeInfo } = await wasm.Code({ codeId });
  const checksum = createHash("sha256").update(wasmByteCode).digest();
  assert.deepEqual(Buffer.from(codeInfo.dataHash), checksum);

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
  const made = await send(
    "/cosmwasm.wasm.v1.MsgInstantiateContract",
    { sender, admin: sender, codeId, label: "fees", msg: json(msg), funds: [] },
    1_000_000,
    MsgInstantiateContractResponse,
  );
  const contract = made.answer.address;
  const { contractInfo } = await wasm.ContractInfo({ address: contract });
  assert.equal(contractInfo.codeId, codeId);
  assert.equal(contractInfo.admin, sender);
  assert.deepEqual((await wasm.ContractsByCode({ codeId })).contracts, [contract]);

  const { typeUrl, value } = executed(contract, { stake: {} }, coins(15, denom));
  const staked = await send(typeUrl, value, 500_000, MsgExecuteContractResponse);
  assert.equal(attribute(staked.events, "wasm-souk_fees_staked", "amount"), "15");
  assert.equal(await balance(contract), 15n);
  assert.equal((await smart(contract, { staker: { staker: sender } })).stake, "15");
  const raw = await wasm.RawContractState({ address: contract, queryData: Buffer.from("c") });
  assert.equal(JSON.parse(Buffer.from(raw.data).toString()).stake_denom, denom);

  const results = await comet.blockResults(staked.height);
  const events = results.results.flatMap((result) => result.events);
  assert.equal(attribute(events, "wasm-souk_fees_staked", "_contract_address"), contract);

  const tooMuch = executed(contract, { unstake: { amount: "100000" } });
  const failed = await client.signAndBroadcast(sender, [tooMuch], fee(500_000));
  assert.equal(failed.code, 5);
  assert.match(failed.rawLog, /has staked 15; 100000 asked/);
  assert.match(failed.rawLog, /execute wasm contract failed/);
  await assert.rejects(smart(contract, { nonsense: {} }), /\(6\)/);
});

test("a search finds an attribute's value, and what has more after a slash", async () => {
  const found = async (query) => (await client.searchTx(query)).length;
  const first = `tx.acc_seq='${sender}/0'`;
  assert.equal(await found(first), 1);
  assert.equal(await found(`tx.acc_seq='${sender}'`), (await client.getSequence(sender)).sequence);
  assert.equal(await found(`tx.acc_seq='${sender.slice(0, -1)}'`), 0);
  // All conditions must hold in one event.
  const sent = "message.action='/cosmos.bank.v1beta1.MsgSend'";
  const paid = `transfer.recipient='${sender}'`;
  assert.equal(await found(paid), 1);
  assert.equal(await found(`${sent} AND ${paid}`), 0);
  assert.equal(await found(`transfer.sender='${genesis}' AND ${paid}`), 1);
  // The index does not read a number out of an amount, and has no kinds of events.
  assert.equal(await found(`${paid} AND transfer.amount='${FUNDS}${denom}'`), 1);
  assert.equal(await found(`${paid} AND transfer.amount>=1`), 0);
  assert.equal(await found(`${paid} AND tm.event='Tx'`), 0);
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
