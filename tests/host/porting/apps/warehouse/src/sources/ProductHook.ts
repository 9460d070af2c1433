import * as App from '@zaiusinc/app-sdk';
export class ProductHook extends App.SourceFunction { public async perform() { return new App.Response(200); } }
