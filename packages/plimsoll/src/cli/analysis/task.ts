/** How a result is printed. */
export type OutputForm = 'text' | 'json' | 'markdown';

/** What the analysing process is asked to do. `-` as an input is standard input. */
export type AnalysisTask = {
  /** Most memory it may use; above, it refuses before it reads. */
  readonly maxMemoryBytes: number;
  /** True when steps may be shown on stderr as they come. */
  readonly hasProgress: boolean;
} & (
  | {
      readonly command: 'analyze';
      readonly input: string;
      readonly form: OutputForm;
      readonly hasTexts: boolean;
    }
  | { readonly command: 'diff'; readonly inputs: readonly string[]; readonly form: OutputForm }
  | {
      readonly command: 'redact';
      readonly input: string;
      readonly target: string;
      readonly key?: string;
      readonly form: OutputForm;
    }
  | {
      readonly command: 'report';
      readonly folder: string;
      readonly form: OutputForm | 'html';
      /** Where the report is written; standard output when undefined. */
      readonly target?: string;
    }
);
