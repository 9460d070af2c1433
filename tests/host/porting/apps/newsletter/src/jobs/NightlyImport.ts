import {JobStatus} from '@zaiusinc/app-sdk';
import {PagedJob} from '../lib/PagedJob';

export class NightlyImport extends PagedJob<{page: number}> {
  public async perform(status: JobStatus): Promise<JobStatus> {
    return {...status, complete: true};
  }
  protected async readPage(page: number) { return []; }
}
