import { join } from 'node:path'
import { configFor, TARGETS, testWorld } from '../agent.fixture.js'
import { sync } from '../steps/sync.js'

/**
 * One round in a process of its own, which kills itself with SIGKILL when it comes to the point of the number given; without a number it
 * prints the points it passes. Arguments: the test folder, the number.
 */
const [folder = '', number = ''] = process.argv.slice(2)
const published = { folder: join(folder, 'publish'), publicKeyFile: join(folder, 'publish', 'publisher.pub') }
const targets = Object.keys(TARGETS) as (keyof typeof TARGETS)[]
const passed: string[] = []

const result = await sync(
  configFor(folder, published, targets),
  testWorld({
    at: (point) => {
      passed.push(point)
      if (passed.length === Number(number)) process.kill(process.pid, 'SIGKILL')
    },
  }),
)
process.stdout.write(JSON.stringify({ passed, exitCode: result.exitCode, faults: result.maps.map((map) => map.fault?.message ?? null) }))
