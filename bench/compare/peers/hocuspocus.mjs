// Hocuspocus with its defaults and nothing that keeps documents. Prints
// {"port":…} once it listens. Its timeout for silent clients is raised: the
// clients of the bench have no presence to renew.
import { Server } from '@hocuspocus/server'

const server = new Server({ address: '127.0.0.1', port: 0, quiet: true, timeout: 3_600_000, websocketOptions: { maxPayload: 256 * 1024 * 1024 } })
await server.listen()
process.stdout.write(JSON.stringify({ port: server.address.port }) + '\n')
process.on('SIGTERM', () => process.exit(0))
