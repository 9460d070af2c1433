import {Job, JobStatus} from '@zaiusinc/app-sdk';

export abstract class PagedJob<T extends {page: number}> extends Job {
  public async prepare(params: any, status?: JobStatus, resuming?: boolean): Promise<JobStatus> {
    return status ?? {state: {page: 0}, complete: false};
  }
  protected abstract readPage(page: number): Promise<T[]>;
}
