import { renderTemplate } from './lib/util/template.ts';
const t=(s:string,d:any)=>{try{console.log(JSON.stringify(renderTemplate(s,d,'x.mustache')))}catch(e:any){console.log(e.name,e.message,e.stack.split('\n')[1])}};
t('a {{b}} <{{{c}}}>\n{{#l}}\n- {{n}} {{b}}\n{{/l}}\n{{^z}}no{{/z}}{{#s}}{{.}},{{/s}}',{b:'<&"\'`>',c:1,l:[{n:1},{n:2}],z:false,s:['x','y']});
t('a\n\n{{nope}}',{});t('a\n{{#l}}\n{{nope}}{{/l}}',{l:[{}]});t('a\n{{#l}}',{l:[]});t('a\n{{> p}}',{});t('\n{{x',{});t('{{#nope}}x{{/nope}}',{});t('{{a.b}}',{a:{}});t('{{toString}}{{constructor}}',{});
