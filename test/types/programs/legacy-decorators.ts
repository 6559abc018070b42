/** Methods traced by decorators under `experimentalDecorators`. It is compiled, and never run. */
import { trace, traceModel } from 'spandrel';

export class Agent {
  @trace({ name: 'plan' })
  plan(goal: string): string {
    return goal;
  }

  @traceModel()
  async call(prompt: string): Promise<string> {
    return prompt;
  }
}
