// What Xen Orchestra does with its library, as TAP.
//
// usage: node xen_api.mjs FOLDER ADDRESS USER PASSWORD
// FOLDER has node_modules in it.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, address, user, password] = process.argv.slice(2)
const { createClient } = await import(
  pathToFileURL(createRequire(`${folder}/`).resolve('xen-api')).href)

const DEADLINE = 20000

const connect = async (options = {}) => {
  const xapi = createClient({ url: `https://${address}`, auth: { user, password }, ...options })
  await xapi.connect()
  return xapi
}

const newVm = async (xapi, name) => {
  const [template] = await xapi.call('VM.get_by_name_label', 'Other install media')
  const vm = await xapi.call('VM.clone', template, name)
  await xapi.call('VM.provision', vm)
  return vm
}

const cases = []
const test = (title, run) => cases.push({ title, run })

test('connects with JSON-RPC and disconnects', async () => {
  const xapi = await connect({ watchEvents: false })
  assert.equal(xapi.status, 'connected')
  assert.match(xapi.sessionId, /^OpaqueRef:/)
  await xapi.disconnect()
  assert.equal(xapi.status, 'disconnected')
})

test('tells a wrong password', async () => {
  const xapi = createClient({
    url: `https://${address}`,
    auth: { user, password: 'wrong' },
    watchEvents: false,
  })
  await assert.rejects(xapi.connect(), { code: 'SESSION_AUTHENTICATION_FAILED' })
})

test('reads values of every type', async () => {
  const xapi = await connect({ watchEvents: false })
  const vm = await newVm(xapi, 'types')
  const record = await xapi.call('VM.get_record', vm)
  assert.equal(typeof record.memory_static_max, 'number')
  assert.equal(record.is_a_template, false)
  assert.deepEqual(record.VBDs, [])
  assert.equal(typeof record.HVM_shadow_multiplier, 'number')
  assert.equal(record.snapshot_time, '19700101T00:00:00Z')
  await xapi.disconnect()
})

test('gets errors with their code and parameters', async () => {
  const xapi = await connect({ watchEvents: false })
  const vm = await newVm(xapi, 'errors')
  await assert.rejects(xapi.call('VM.pause', vm), {
    code: 'VM_BAD_POWER_STATE',
    params: [vm, 'running', 'halted'],
  })
  await assert.rejects(xapi.call('VM.dance'), { code: 'MESSAGE_METHOD_UNKNOWN' })
  await xapi.disconnect()
})

test('fetches all objects and follows them', async () => {
  const xapi = await connect()
  await xapi.objectsFetched
  assert.equal(xapi.pool.$type, 'pool')
  assert.equal(xapi.pool.$master.$type, 'host')
  const vm = await newVm(xapi, 'followed')
  const object = await xapi.barrier(vm)
  assert.equal(object.name_label, 'followed')
  assert.equal(object.power_state, 'Halted')
  await xapi.call('VM.start', vm, false, false)
  assert.equal((await xapi.barrier(vm)).power_state, 'Running')
  assert.equal(xapi.getObject(vm).$resident_on.$ref, xapi.pool.master)
  await xapi.call('VM.hard_shutdown', vm)
  await xapi.call('VM.destroy', vm)
  await xapi.barrier()
  assert.equal(xapi.getObject(vm, undefined), undefined)
  await xapi.disconnect()
})

test('runs asynchronous calls and watches their tasks', async () => {
  const xapi = await connect()
  await xapi.objectsFetched
  const [template] = await xapi.call('VM.get_by_name_label', 'Other install media')
  const vm = await xapi.callAsync('VM.clone', template, 'asynchronous')
  assert.match(vm, /^OpaqueRef:[0-9a-f-]{36}$/)
  assert.equal(await xapi.getField('VM', vm, 'name_label'), 'asynchronous')
  await assert.rejects(xapi.callAsync('VM.start', vm, false, false), { code: 'VM_IS_TEMPLATE' })
  await xapi.disconnect()
})

test('watches a task of its own', async () => {
  const xapi = await connect()
  await xapi.objectsFetched
  const task = await xapi.createTask('work', 'words')
  const watched = xapi.watchTask(task)
  await xapi.call('task.set_status', task, 'success')
  await watched
  await xapi.disconnect()
})

test('sets fields and entries of maps', async () => {
  const xapi = await connect({ watchEvents: false })
  const vm = await newVm(xapi, 'fields')
  await xapi.setField('VM', vm, 'name_description', 'words')
  assert.equal(await xapi.getField('VM', vm, 'name_description'), 'words')
  await xapi.setFieldEntry('VM', vm, 'other_config', 'key', 'one')
  await xapi.setFieldEntry('VM', vm, 'other_config', 'key', 'two')
  assert.equal((await xapi.getField('VM', vm, 'other_config')).key, 'two')
  await xapi.setFieldEntry('VM', vm, 'other_config', 'key', null)
  assert.equal((await xapi.getField('VM', vm, 'other_config')).key, undefined)
  await xapi.disconnect()
})

test('gets records by class, reference and uuid', async () => {
  const xapi = await connect({ watchEvents: false })
  const [pool] = await xapi.getAllRecords('pool')
  const host = await xapi.getRecord('host', pool.master)
  assert.equal((await xapi.getRecordByUuid('host', host.uuid)).$ref, pool.master)
  await xapi.disconnect()
})

test('logs in again when its session has ended', async () => {
  const xapi = await connect({ watchEvents: false })
  const before = xapi.sessionId
  const logout = { jsonrpc: '2.0', id: 1, method: 'session.logout', params: [before] }
  const reply = await fetch(`https://${address}/jsonrpc`, {
    method: 'POST',
    body: JSON.stringify(logout),
  })
  assert.deepEqual(await reply.json(), { jsonrpc: '2.0', id: 1, result: '' })
  const pools = await xapi.call('pool.get_all')
  assert.equal(pools.length, 1)
  assert.notEqual(xapi.sessionId, before)
  await xapi.disconnect()
})

const within = (promise, title) => {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${title}: no end within ${DEADLINE} ms`)), DEADLINE)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

console.log(`1..${cases.length}`)
let failures = 0
for (const [index, { title, run }] of cases.entries()) {
  try {
    await within(run(), title)
    console.log(`ok ${index + 1} - ${title}`)
  } catch (error) {
    failures++
    console.log(`not ok ${index + 1} - ${title}`)
    console.log(String(error?.stack ?? error).replace(/^/gm, '# '))
  }
}
process.exit(failures > 0 ? 1 : 0)
