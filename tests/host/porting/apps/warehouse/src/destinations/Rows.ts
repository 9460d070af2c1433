import * as App from '@zaiusinc/app-sdk';
export class Rows extends App.Destination<{row_id: string}> {
  public async ready() { return {ready: true}; }
  public async deliver(batch: App.DestinationBatch<{row_id: string}>) { return {success: true}; }
}
