/** What names are made of. The domains end in `.test` (RFC 6761), so none of them is anybody's. */
const split = (text: string) => text.trim().split(/\s+/)

export const firstNames = split(`
  adam agnes aisha alan albert alice amelie amir ana andre andrea angela anna anton antonio arthur astrid barbara bastian beatriz ben
  bernd birgit bjorn boris brigitte bruno carla carlos caroline cecilia charlotte chen chiara chris claire claudia colin dagmar daniel
  david deborah denis diana diego dominik dora edith eduard elena elias elif elisabeth emil emma eric erika esther eva fabian fatima
  felix filip finn florian frank frida gabriel georg gerda giulia greta guido hana hannah hans harald heike helen henrik hugo ian ida
  ines ingrid irina isabel ivan jack jakob jan jana jasmin jean jens jo joan johanna john jonas jose josef julia jun karin karl kate
  katharina kemal kerstin klara klaus lara lars laura lea leila leo lena lina linda lisa louis lucas lucia luis lukas magda maja manuel
  marc margit maria mario marta martin mary mateo matthias max mehmet mia michael mila mina mohamed monika nadia natalie nick nicole
  nils nina noah nora olaf olga oliver oscar otto pablo patrick paul paula pedro peter petra philipp pierre rafael raj ralf rebecca
  renate ricardo rita robert rosa ruth sabine sam samira sandra sara sebastian silvia simon sofia stefan stella sven tanja theo thomas
  tim tina tobias tom ulrich ursula uwe valentin vera victor wei werner yara yusuf zoe`)

export const surnames = split(`
  abel ackermann adams ahmed albrecht almeida andersen arnold bach baker barbieri barnes bauer beck becker bell benitez berger bergmann
  bianchi blanc bohm borg brandt braun brown bruckner busch caruso castro chan chevalier clark conti cooper costa cruz dahl dias dietrich
  dubois ebert eder eklund engel ernst esposito evans faber farkas fernandez ferrari fischer fontaine foster frank franke friedrich fuchs
  garcia gallo geiger gerber gomez graf gray green greco gross gruber gunther haas hahn hall hansen hartmann heinz henry herrmann hill
  hofer hoffmann holm horvath hughes hunt huber jacobs jensen jung kaiser kaminski kaya keller kim klein koch kohler kovacs kowalski
  kramer kraus krause kruger kuhn lang larsen lauer le lee lehmann lewis li lind lopez lorenz ludwig lund maier marino martin martinez
  mayer mendes meyer moreau morgan moser muller murphy nagy neumann nguyen nielsen novak oliveira olsen otto palmer patel paulsen pereira
  peters petrov pfeiffer pohl popov price ramos reed reich richter rivera rizzo roberts roth roux ruiz russo sanders santos sato sauer
  schafer schmid schmitt schneider scholz schreiber schroder schubert schulz schwarz seidel silva simon singh smith sommer stein svensson
  szabo tanaka taylor thomas toth turner urban vargas vogel vogt wagner walter wang weber weiss werner white wild winkler winter wolf wood
  wright yang yilmaz young zhang ziegler zimmermann`)

export const roleNames = split(
  'info office sales support accounts billing service jobs contact admin shop mail team orders press hr reception purchasing logistics it',
)

export const domainWords = split(`
  alpen amber apex archer aurora autumn azure bay beacon bell birch blue bridge bright brook cedar central city clear cliff cloud coast
  copper coral crest crown crystal dale dawn delta eagle east elm ember falcon fern field first fjord forest forge fox garden gate glen
  gold granite green grove harbor hawk heath heron hill home horizon iron ivy jade juniper key lake laurel leaf light linden lion lotus
  maple meadow metro mill moon moss mountain noble north oak ocean olive onyx orchard park peak pearl pine pioneer plaza prime quartz
  quick raven red ridge river rock rose royal sage sand silver sky snow solar south spring star stone summit sun swan swift terra tide
  tower trail union urban vale valley vine vista water west willow wind winter wolf`)

export const trades = split(`
  accounting agency architects auto bakery bikes books brewery builders cafe catering ceramics chiro clinic coffee college consult
  controls cycles dance dental design digital diner doors electric energy estate events farm fashion film finance fitness florist foods
  foto furniture games garage glass golf guitars hair health heating hotel imports insurance interiors it jewels kitchen labs landscapes
  law legal lights logistics marine market media medical metal motors music nails networks optics paint pets pharmacy physio pianos pizza
  plastics plumbing pools print properties racing realty records recycling repairs roofing sailing salon school security shoes ski soft
  solar spa sports steel studio surveyors systems tax tea textiles theatre tiles tools tours toys trading transport travel trust vet video
  web wines wood works yachts yoga`)
