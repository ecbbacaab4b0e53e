const stops: (() => void)[] = []

/** Stops all that were started here. */
export function stopWrongServers(): void {
  for (const stop of stops.splice(0)) stop()
}

/** An HTTP server that answers by `fetch`. */
export function serving(fetch: (request: Request) => Response | Promise<Response>): string {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch })
  stops.push(() => void server.stop(true))
  return `http://127.0.0.1:${server.port}`
}

/** An HTTP server that says the same to everything. */
export function answering(body: string, status: number): string {
  return serving(() => new Response(body, { status }))
}

/** A TCP server that does `data` with whatever comes. */
export function speaking(data: (socket: Bun.Socket) => void): string {
  const server = Bun.listen({ port: 0, hostname: '127.0.0.1', socket: { data } })
  stops.push(() => server.stop(true))
  return `http://127.0.0.1:${server.port}`
}

/** Where nobody listens. */
export function closedPort(): string {
  const server = Bun.listen({ port: 0, hostname: '127.0.0.1', socket: { data() {} } })
  const url = `http://127.0.0.1:${server.port}`
  server.stop(true)
  return url
}
