// Logs in to XO Lite and looks for the pool, the host and a VM, as TAP.  What it asks for at default
// ports, which a daemon of a test does not have, such as statistics, it complains of and does without.
//
// usage: node xo_lite.mjs FOLDER BROWSER PROFILE ADDRESS USER PASSWORD [PICTURE]
// FOLDER has node_modules in it, PROFILE is an empty folder.

import { createRequire } from 'node:module'

const [folder, browser, profile, address, user, password, picture] = process.argv.slice(2)
const { chromium } = createRequire(`${folder}/`)('playwright-core')

const DEADLINE = 60000
const FLAGS = ['--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync']

const context = await chromium.launchPersistentContext(profile, {
  executablePath: browser,
  headless: true,
  chromiumSandbox: false,
  args: FLAGS,
  ignoreHTTPSErrors: true,
  viewport: { width: 1400, height: 900 },
})
context.setDefaultTimeout(DEADLINE)
const page = await context.newPage()
const complaints = []
page.on('pageerror', error => complaints.push(error.message))

let count = 0
let failures = 0
const step = async (title, run) => {
  count++
  try {
    await run()
    console.log(`ok ${count} - ${title}`)
  } catch (error) {
    failures++
    console.log(`not ok ${count} - ${title}`)
    console.log(String(error?.stack ?? error).replace(/^/gm, '# '))
  }
}

console.log('1..6')
await step('the page is served', () => page.goto(`https://${address}/`))
await step(`${user} logs in`, async () => {
  await page.locator('input[type="password"]').fill(password)
  await page.locator('button[type="submit"]').click()
  await page.locator('input[type="password"]').waitFor({ state: 'detached' })
})
for (const name of ['pool of XO Lite', 'host of XO Lite', 'seen in XO Lite']) {
  await step(`${name} is there`, () => page.getByText(name).first().waitFor())
}
await step('the VM has a page', async () => {
  await page.getByText('seen in XO Lite').first().click()
  await page.waitForURL(/vm\//)
})
if (picture) {
  await page.screenshot({ path: picture })
}
for (const complaint of complaints) {
  console.log(`# the page: ${complaint}`)
}
await context.close()
process.exit(failures > 0 ? 1 : 0)
