import * as App from '@zaiusinc/app-sdk';
export class RowsSchema extends App.DestinationSchemaFunction {
  public async getDestinationsSchema() { return {name: 'rows'}; }
}
