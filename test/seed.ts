// Before every test file: one seed for whatever is random in this process. On a CI machine it is always the same, so that a change is
// judged by what it changed; by hand it is another each time. `ASSAY_SEED` repeats one.
import fc from 'fast-check'

process.env.ASSAY_SEED ||= process.env.CI ? '1' : String(Math.floor(Math.random() * 2 ** 31))
fc.configureGlobal({ seed: Number(process.env.ASSAY_SEED) })
