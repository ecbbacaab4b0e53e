import { describe, expect, test } from 'bun:test'
import { addressFromEnv } from '../../../tasks/mlflow/address.ts'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe('the address of an MLflow server', () => {
  test.each([
    [{}, undefined],
    [{ MLFLOW_TRACKING_TOKEN: 'tok' }, 'Bearer tok'],
    [{ MLFLOW_TRACKING_USERNAME: 'me' }, undefined],
    [
      { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'pä:ss', MLFLOW_TRACKING_TOKEN: 'tok' },
      basic('me:pä:ss'),
    ],
  ])('shows what %j says', (env, authorization) => {
    const address = addressFromEnv({ MLFLOW_TRACKING_URI: 'http://box:5000/', ...env })
    expect([address.url, address.authorization]).toEqual(['http://box:5000', authorization])
    expect(address.environment).toMatchObject({ MLFLOW_TRACKING_URI: 'http://box:5000/', ...(authorization && env) })
  })

  test('shows a user and password of the URL first, and has neither in its name', () => {
    const env = { MLFLOW_TRACKING_URI: 'https://me:p%40ss@box/under/', MLFLOW_TRACKING_TOKEN: 'tok' }
    const { url, authorization } = addressFromEnv(env)
    expect([url, authorization]).toEqual(['https://box/under', basic('me:p@ss')])
  })

  test.each([
    ['sqlite:///mlflow.db', 'a URL that starts with http:// or https://: current value is sqlite:///mlflow.db. '],
    ['databricks', 'a URL like http://127.0.0.1:5000: current value is databricks. '],
    ['', 'a URL like http://127.0.0.1:5000: current value is empty. '],
    ['postgres://me:secret@box', 'a URL that starts with http:// or https://: current value is ***@box. '],
  ])('%j is refused', (MLFLOW_TRACKING_URI, rule) => {
    expect(() => addressFromEnv({ MLFLOW_TRACKING_URI })).toThrow(
      `Cannot use MLflow as 'MLFLOW_TRACKING_URI' must be ${rule}Name a server, or unset it.`,
    )
  })
})
