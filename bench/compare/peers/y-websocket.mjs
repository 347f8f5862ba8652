// The server of y-websocket, set up as its own command does it. Prints
// {"port":…} once it listens.
import http from 'node:http'
import { setupWSConnection } from '@y/websocket-server/utils'
import { WebSocketServer } from 'ws'

const server = http.createServer((_, response) => response.end('okay'))
const sockets = new WebSocketServer({ noServer: true, maxPayload: 256 * 1024 * 1024 })
sockets.on('connection', setupWSConnection)
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, ws => sockets.emit('connection', ws, request))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(JSON.stringify({ port: server.address().port }) + '\n'))
