import * as App from '@zaiusinc/app-sdk';
export class ProductLifecycle extends App.SourceLifecycle {
  public async onSourceCreate() { return {success: true}; }
  public async onSourceUpdate() { return {success: true}; }
  public async onSourceDelete() { return {success: true}; }
  public async onSourceEnable() { return {success: true}; }
  public async onSourcePause() { return {success: true}; }
}
