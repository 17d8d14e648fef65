// Whether a document is valid OpenAPI.
//
// usage: node openapi.mjs FOLDER FILE
// FOLDER has node_modules in it.

import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [folder, file] = process.argv.slice(2)
const { Validator } = await import(
  pathToFileURL(`${folder}/node_modules/@seriousme/openapi-schema-validator/index.js`).href)

const validator = new Validator()
const { valid, errors } = await validator.validate(JSON.parse(readFileSync(file, 'utf8')))
if (!valid || validator.version !== '3.1') {
  console.log(validator.version, JSON.stringify(errors, null, 1))
  process.exit(1)
}
