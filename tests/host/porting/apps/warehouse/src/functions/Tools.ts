import {ToolFunction, tool} from '@optimizely-opal/opal-tool-ocp-sdk';
export class Tools extends ToolFunction {
  @tool({name: 'count', endpoint: '/tools/count'})
  public async count(parameters: {what: string}) { return {count: 1}; }
}
