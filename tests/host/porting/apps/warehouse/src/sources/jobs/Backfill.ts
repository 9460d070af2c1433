import * as App from '@zaiusinc/app-sdk';
export class Backfill extends App.SourceJob {
  public async prepare() { return {state: {}, complete: false}; }
  public async perform(status: App.SourceJobStatus) { return status; }
}
