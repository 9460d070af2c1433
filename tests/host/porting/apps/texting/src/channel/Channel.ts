import * as App from '@zaiusinc/app-sdk';

export class Channel extends App.Channel {
  public async ready() { return true; }
  public async target(settings: App.ChannelContentSettings) { return new App.ChannelTargetResult(); }
  public async validate(content: App.ChannelContent, options: {mode: string}) { return new App.ChannelContentResult(); }
  public async publish(key: string, content: App.ChannelContent, options: App.ChannelPublishOptions) {
    return new App.ChannelContentResult();
  }
  public async prepare(key: string, tracking: App.CampaignTracking) { return {success: true}; }
  public async deliver(key: string, tracking: any, options: any, batch: any[], previous?: any) { return {success: true}; }
  public async preview(content: App.ChannelContent, batch: any[]) { return new App.ChannelPreviewResult(); }
  private async send() {}
}
