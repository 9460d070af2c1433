import * as App from '@zaiusinc/app-sdk';
export class Rot13 extends App.LiquidExtension {
  public async perform(context: App.LiquidExtensionContext, input: {text: string}) {
    return App.LiquidExtensionResult.success(input.text);
  }
}
