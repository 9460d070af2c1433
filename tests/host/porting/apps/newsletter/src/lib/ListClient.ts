export class ListClient {
  constructor(private readonly account: string) {}
  public address() { return `https://${this.account}.lists.example/api`; }
}
