import {Lifecycle as AppLifecycle} from '@zaiusinc/app-sdk';
export class Lifecycle extends AppLifecycle {
  public async onInstall() { return {success: true}; }
}
