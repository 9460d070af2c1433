import * as App from '@zaiusinc/app-sdk';

export class Lifecycle extends App.Lifecycle {
  public async onInstall(): Promise<App.LifecycleResult> { return {success: true}; }
  public async onSettingsForm(
    section: string, action: string, formData: App.SubmittedFormData
  ): Promise<App.LifecycleSettingsResult> {
    return new App.LifecycleSettingsResult();
  }
  public async onUpgrade(fromVersion: string): Promise<App.LifecycleResult> { return {success: true}; }
  public async onFinalizeUpgrade(fromVersion: string): Promise<App.LifecycleResult> { return {success: true}; }
  public async onUninstall(): Promise<App.LifecycleResult> { return {success: true}; }
  public async onAuthorizationRequest(section: string, formData: any): Promise<App.LifecycleSettingsResult> {
    return new App.LifecycleSettingsResult().addToast('danger', 'no');
  }
  public async onAuthorizationGrant(request: App.Request): Promise<App.AuthorizationGrantResult> {
    return new App.AuthorizationGrantResult('auth');
  }
}
